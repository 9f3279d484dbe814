"""Russian sentences say what their English originals say: the same numbers, units, dates and places.

The English sentences are those of `test_article`, marked there by hand; the translations and the sentences of
this file are our own. The rules were mended where they failed on them. Of 20 numbers in 16 sentences that
they had not seen 16 were found, and 3 misread: on other articles expect so much.
"""

from __future__ import annotations

from datetime import date

import pytest
from test_article import MARKED

from claim_cases import example_gazetteer
from sarhad.io.article import Proposal, propose
from sarhad.io.dates import find_dates
from sarhad.io.gazetteer import Gazetteer, forms
from sarhad.io.numerals import read_value
from sarhad.model.measure import Interval, Number

PUBLISHED = date(2021, 7, 6)  # a Tuesday
GAZETTEER = example_gazetteer()
NO_PLACES = Gazetteer(())

TRANSLATED = (
    "Граница между двумя государствами протянулась на 1344 км, в основном по рекам.",
    "По одному из подсчётов, длина линии составляет 1 357 километров.",
    "Свыше 1000 военнослужащих перешли границу до рассвета 5 июля 2021 года.",
    "Пограничная служба говорит о 1037 афганских военнослужащих в семи местах.",
    "Около 625 из примерно 980 километров согласованы, то есть 63 процента.",
    "Глава государства призвал 20 тысяч резервистов.",
    "Две дюжины пограничников переброшены на пост у Демогана.",
    "Боевики, как утверждают, удерживают две трети границы.",
    "Шесть районов перешли из рук в руки за 3 дня.",
    "Описано от 600 до 650 км.",
    "В 2021 году цифра была неизвестна.",
    "Протокол № 44 подписан 2 октября.",
    "В 18:30 первая группа вышла к мосту.",
    "На берегу ждали около 80 семей.",
    "Государство выделило под лагеря 70 гектаров.",
    "Тяжёлая техника остаётся не менее чем в 10 км от линии.",
    "Более 33 тыс. человек эвакуированы; 178 пострадали.",
    "Программа рассчитана на пять лет и состоит из трёх этапов.",
    "Из 1184,4 км речной границы огорожено мало.",
    "Под охраной должны быть примерно 835 миль.",
    "Сотни солдат сложили оружие.",
    "Страна может принять до 100 тыс. беженцев.",
    "Мост длиной 135 метров открыли в ноябре 2002 года.",
    "За две недели границу перешли почти 1600 человек.",
    "За десять лет у сторон было 140 столкновений.",
    "COVID-19 закрыл рынки в 2020 году.",
    "В декабре 2023 года согласовали лишь 12 км.",
    "Чиновники оценили расходы в 1,5 млн долларов.",
    "У трети постов нет рации.",
    "201-я база передала танки.",
    "Напротив Хохона построили три пограничных поста.",
    "На киргизской стороне погибли тридцать четыре человека.",
    "В резерве стояли 20 000 человек.",
    "Напротив лежат четыре провинции.",
    "1357-километровую границу пересекают мосты в шести местах.",
    "Доля выросла с 54 процентов до 63 процентов.",
    "Из 28 районов пали все, кроме одного.",
    "В столкновении погибли 55 и ранены 300 человек.",
    "Семнадцать из них прошли 27 июня.",
    "Колонна растянулась на два километра и шла 3 часа.",
    "В их лагере живут 1 037 человек в 52 палатках.",
)
PLACED = (
    (
        "Citing AKIpress, the agency said that fighters captured Hohon and Eshkashem on Sunday.",
        "Со ссылкой на АКИпресс агентство сообщило, что в воскресенье боевики захватили Хохон и Ишкашим.",
    ),
    (
        "On 5 July 2021 some 1,037 troops crossed near Khorog.",
        "5 июля 2021 г. у Хорога перешли около 1037 солдат.",
    ),
    (
        "The clash of 28 April 2021 in Wakhan left 3 dead.",
        "В столкновении 28 апреля 2021 г. в Вахане 3 погибших.",
    ),
    (
        "In June 2021 Imam Sahib district was taken; 134 guards crossed.",
        "В июне 2021 года Имам-Сахибский район взят; перешли 134 пограничника.",
    ),
    ("Two thousand people fled to Ishkashim on 22 June.", "22 июня в Ишкашим бежали две тысячи человек."),
    (
        "People crossed at Nizhny Pyanj and Sher Khan Bandar in 2020.",
        "В 2020 году люди перешли границу в Нижнем Пяндже и Шерхан-Бандаре.",
    ),
    ("Shughnan was shelled on Friday.", "В пятницу обстрелян Шугнан."),
    (
        "A drone struck the Wakhan Corridor on 1 July.",
        "1 июля беспилотник нанёс удар по Ваханскому коридору.",
    ),
)
MARKED_RUSSIAN = (
    # sentence, its numbers with their units
    ("Протяжённость границы — около 1 344 км.", [("около 1 344", "km")]),
    ("20 тыс. человек направлены в Хорог.", [("20 тыс.", "persons")]),
    ("Всего 1037 чел. перешли границу 5 июля.", [("1037", "persons")]),
    ("Согласованы 63 % из 980 км.", [("63", "percent"), ("980", "km")]),
    ("Двадцать тысяч резервистов прибыли на границу.", [("Двадцать тысяч", "persons")]),
    ("Не менее трёхсот двадцати пяти семей ждут у реки.", [("Не менее трёхсот двадцати пяти", "families")]),
    ("Полторы тысячи бойцов отступили.", [("Полторы тысячи", "persons")]),
    ("Более тысячи солдат бежали.", [("Более тысячи", "persons")]),
    ("Тысячи людей вышли к Пянджу.", [("Тысячи", "persons")]),
    ("Погибли 55 человек, 300 ранены.", [("55", "persons"), ("300", "persons")]),
    ("Ранено 12.", [("12", "persons")]),
    ("Перешли 1 тыс. 37 военнослужащих, за ними 20 тыс. 5 июля.", [("1 тыс. 37", "persons")]),
    ("Помощь составит 2,5 млрд долларов.", [("2,5 млрд", "usd")]),
    ("Закрыто от 15 до 20 пунктов пропуска.", [("от 15 до 20", "places")]),
    ("Половина застав не имеет связи.", [("Половина", "percent")]),
    ("Расстояние между постами 2–3 километра.", [("2–3", "km")]),
    ("К 2025 году будет 40 погранпостов.", []),  # a word the table does not have
    ("В 80-х годах линию обходили пешком.", []),
    ("Им по пять лет.", [("пять", "years")]),
    ("Стороны описали ещё 3-х километровый участок.", [("3", "km")]),
    (
        "Таджикско-афганская граница протяжённостью 1357,2 км охраняется 16 тысячами военнослужащих.",
        [("1357,2", "km"), ("16 тысячами", "persons")],
    ),
    ("Ранее 134 афганских пограничника укрылись на территории Таджикистана.", [("134", "persons")]),
    ("За сутки через границу прошли ещё 300 человек.", [("300", "persons")]),
    ("Афганистан контролирует лишь треть приграничных районов.", [("треть", "percent")]),
    ("Стороны завершили описание почти 94 процентов линии границы.", [("почти 94", "percent")]),
    ("Осталось согласовать около 60 километров.", [("около 60", "km")]),
    (
        "Погибли по меньшей мере 59 граждан Киргизии, 139 получили ранения.",
        [("по меньшей мере 59", "persons"), ("139", "persons")],
    ),
    ("Эвакуированы 136 тыс. жителей Баткенской области.", [("136 тыс.", "persons")]),
    ("Расстояние до Кабула - 600 км.", [("600", "km")]),
    ("Мост длиной 216 м построен за 2 года.", [("216", "m"), ("2", "years")]),
    ("В группе было 1 тыс. 37 человек.", [("1 тыс. 37", "persons")]),
    ("Талибы захватили 13 из 28 районов провинции.", [("13", "districts"), ("28", "districts")]),
    ("Власти сообщили о 12 нарушениях режима прекращения огня.", [("12", "events")]),
    ("Помощь получили десятки семей.", [("десятки", "families")]),
    ("Прибыли две с половиной тысячи солдат.", [("две с половиной тысячи", "persons")]),
    ("Расходы составят $1,2 млн.", [("1,2 млн.", "usd")]),
    ("30-летний житель ранен.", []),
    ("Закрыт 100-километровый участок границы.", [("100", "km")]),
    ("В 2021 ранены 30 военнослужащих.", [("30", "persons")]),
    ("Переброшен отряд в 2000 солдат.", [("2000", "persons")]),
    ("Выделено 1 млн 344 тыс. долларов.", [("1 млн 344 тыс.", "usd")]),
    ("С 12 постов ушли до 300 человек.", [("12", "posts"), ("до 300", "persons")]),
    (
        "Выросло с 3 тысяч человек в 2020 году до 8 тысяч человек.",
        [("3 тысяч", "persons"), ("8 тысяч", "persons")],
    ),
    ("У реки 12 солдат и пять новых военных машин.", [("12", "persons")]),
    ("Ушли 20 тысяч военных.", [("20 тысяч", "persons")]),
    ("В 2019 столкновений было 14.", [("2019", "events")]),  # misread: a year without its word
    ("Вместо 54,5 % сегодня согласовано 63,2 %.", [("54,5", "percent"), ("63,2", "percent")]),
)


def meant(proposals: tuple[Proposal, ...]) -> set[tuple]:
    """Return what proposals of quantities say, whatever the language."""
    return {
        (
            read_value(one.value, one.unit),
            one.unit,
            one.as_of,
            tuple(sorted(place.place_id for mention in one.places for place in mention.candidates)),
        )
        for one in proposals
        if one.unit
    }


@pytest.mark.parametrize(
    ("english", "russian"), list(zip((sentence for sentence, _ in MARKED), TRANSLATED, strict=True))
)
def test_a_translation_says_the_same(english, russian):
    assert meant(propose(russian, PUBLISHED, GAZETTEER)) == meant(propose(english, PUBLISHED, GAZETTEER))


@pytest.mark.parametrize(("english", "russian"), PLACED)
def test_a_translation_names_the_same_places_on_the_same_days(english, russian):
    told = [propose(text, PUBLISHED, GAZETTEER) for text in (english, russian)]
    assert meant(told[1]) == meant(told[0])
    happened = [{(one.property_id, one.as_of, ids(one)) for one in found if not one.unit} for found in told]
    assert happened[1] == happened[0]
    assert told[0]


def ids(one: Proposal) -> tuple[str, ...]:
    return tuple(place.place_id for mention in one.places for place in mention.candidates)


@pytest.mark.parametrize(("sentence", "marked"), MARKED_RUSSIAN)
def test_numbers_and_units_as_they_were_marked(sentence, marked):
    found = propose(sentence, PUBLISHED, NO_PLACES)
    assert [(one.value, one.unit) for one in found if one.unit] == marked
    for one in found:
        assert sentence[one.start : one.end] == one.text
        if one.unit:
            read_value(one.value, one.unit)  # what is proposed can be imported


@pytest.mark.parametrize(
    ("words", "period"),
    [
        ("5 июля 2021 года", "2021-07-05"),
        ("5-го июля 2021 г.", "2021-07-05"),
        ("9 декабря", "2020-12-09"),  # the last one before publication
        ("в мае 2021 года", "2021-05"),
        ("к марту 2021", None),  # a case the table does not have
        ("с 2014 года", "2014"),
        ("на конец 2020 г.", "2020"),
        ("05.07.2021", "2021-07-05"),
        ("во вторник", "2021-07-06"),
        ("в среду", "2021-06-30"),
        ("окружающая среда", None),
        ("в июле 20 человек", None),
        ("5 июля 1037 солдат", "2021-07-05"),  # a number and no year
    ],
)
def test_dates(words, period):
    assert [one.period for one in find_dates(words, PUBLISHED)] == ([period] if period else [])


@pytest.mark.parametrize(
    ("cell", "unit", "value"),
    [
        ("около 1 344", "km", Number(1_344, 1.0)),
        ("20 тыс.", "persons", Number(20_000, 5_000)),
        ("20 тыс", "persons", Number(20_000, 5_000)),
        ("1,5 млн", "usd", Number(1_500_000, 50_000)),
        ("1 тыс. 37", "persons", Number(1_037, 0.5)),
        ("1 млн 344 тыс.", "usd", Number(1_344_000, 500)),
        ("две с половиной тысячи", "persons", Number(2_500, 250)),
        ("16 тысячами", "persons", Number(16_000, 500)),
        ("1,344 тыс.", "km", Number(1_344, 0.5)),  # decimals, for the word is Russian
        ("1,344", "km", Number(1_344, 0.5)),  # thousands, for nothing says otherwise
        ("63,5", "percent", Number(63.5, 0.05)),
        ("свыше 1000", "persons", Interval(low=1_000)),
        ("не более чем 50", "persons", Interval(high=50)),
        ("до 50", "persons", Interval(high=50)),
        ("от 600 до 650", "km", Interval(600, 650)),
        ("между 600 и 650", "km", Interval(600, 650)),
        ("2-3 тысячи", "persons", Interval(2_000, 3_000)),
        ("две тысячи триста", "persons", Number(2_300, 50)),
        ("сто тридцать четыре", "persons", Number(134, 0.5)),
        ("полтора миллиона", "usd", Number(1_500_000, 50_000)),
        ("десятки", "persons", Interval(low=20)),
        ("более сотни", "persons", Interval(low=100)),
    ],
)
def test_cells(cell, unit, value):
    assert read_value(cell, unit) == value


def test_a_comma_that_may_start_decimals_is_named():
    (russian,) = propose("Граница длиной 1,344 км.", PUBLISHED, NO_PLACES)
    (english,) = propose("A border of 1,344 km.", PUBLISHED, NO_PLACES)
    assert any("comma" in reason for reason in russian.reasons)
    assert not any("comma" in reason for reason in english.reasons)


def test_an_abbreviation_ends_no_sentence_and_a_full_stop_does():
    article = "В 2021 г. перешли 134 человека. В июле 2020 г. 40 чел. вернулись."
    found = propose(article, PUBLISHED, NO_PLACES)
    assert [(one.text, one.as_of) for one in found if one.unit] == [
        ("134 человека", "2021"),
        ("40 чел", "2020-07"),
    ]


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("По данным «Азия-Плюс», перешли 134 человека.", "Азия-Плюс > ?"),
        ("Перешли 134 человека, сообщает ТАСС.", "ТАСС > ?"),
        ("Погранслужба сообщила о 134 солдатах.", "Погранслужба > ?"),
        ("Со ссылкой на агентство «Ховар»: ранены 12 человек.", "Ховар > ?"),
        ("Перешли 134 человека.", ""),
    ],
)
def test_the_next_link_of_the_chain_is_whom_a_sentence_cites(sentence, source):
    assert {one.quoted_from for one in propose(sentence, PUBLISHED, NO_PLACES)} == {source}


def test_properties_are_guessed_by_the_words_around():
    article = (
        "Из 980 км границы демаркированы 625 км. Боевики удерживают 700 км. "
        "Туда направлены около 20 000 резервистов. Убиты 3 пограничника, ранены 12; 40 человек эвакуированы."
    )
    found = propose(article, PUBLISHED, NO_PLACES)
    names = ["length", "agreed_length", "held_length", "reinforced", "killed", "injured", "evacuated"]
    assert [one.property_id for one in found if one.unit] == names


@pytest.mark.parametrize(
    ("nominative", "bent"),
    [
        ("Ишкашим", "Ишкашима Ишкашиму Ишкашимом Ишкашиме Ишкашимский Ишкашимского Ишкашимском"),
        ("Хорог", "Хорога Хорогу Хорогом Хороге"),
        ("Нусай", "Нусая Нусаю Нусаем Нусае Нусайский"),
        ("Дашти-Кала", "Дашти-Калы Дашти-Кале Дашти-Калу Дашти-Калой"),
        ("Нижний Пяндж", "Нижнего_Пянджа Нижнему_Пянджу Нижним_Пянджем Нижнем_Пяндже"),
        ("Калаи-Заль", "Калаи-Заля Калаи-Залю Калаи-Залем Калаи-Зале"),
        ("Хумроги", ""),
        ("Тем", ""),  # too short
        ("Khorog", ""),
    ],
)
def test_names_bend_as_the_language_does(nominative, bent):
    known = set(forms(nominative))
    assert nominative in known
    assert {one.replace("_", " ") for one in bent.split()} <= known
    assert bent or known == {nominative}


def test_a_name_in_any_case_is_found_in_the_table_of_claims_too():
    for name in ("Хорог", "Хороге", "Хорога"):
        assert GAZETTEER.place(name).place_id == "tjk-khorugh"
    assert GAZETTEER.place("Ваханский район").place_id == "afg-wakhan"
    assert not list(GAZETTEER.mentions("Тема переговоров — хорошая погода."))


@pytest.mark.parametrize("idiom", ["Тем временем", "Тем не менее", "Тем более"])
def test_an_idiom_is_no_place(idiom):
    found = propose(f"{idiom} 300 военнослужащих перешли границу.", PUBLISHED, GAZETTEER)
    assert found
    assert all(ids(one) == () for one in found)
