"""A user's own line: parts in any order, two countries, the side of home; what is ambiguous is refused."""

from __future__ import annotations

from pathlib import Path

import geopandas
import pytest
import shapely

from sarhad.errors import InputFaults
from sarhad.io.line_file import Declared
from sarhad.io.line_shape import best_order
from sarhad.io.new_line import NewLine, read_neighbours, read_new_line, read_two_files

A, B, C, D, E, F = ((70.0 + k, 37.0) for k in range(6))
WEST = shapely.Polygon([(0, 0), (1, 0), (1, 0.5), (1, 1), (0, 1)])
EAST = shapely.Polygon([(1, 0), (2, 0), (2, 1), (1, 1), (1, 0.5)])


def write(path: Path, shapes: list, **columns: list) -> Path:
    geopandas.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4326").to_file(path, engine="pyogrio")
    return path


def new_line(path: Path, select: str = "") -> NewLine:
    return read_new_line(path, None, select, Declared())


def starts(new: NewLine) -> list[tuple[float, ...]]:
    return [tuple(piece.vertex[0].tolist()) for piece in new.pieces]


def refused(new: NewLine) -> str:
    with pytest.raises(InputFaults) as caught:
        new.line("a", "left", "drawn by hand")
    return str(caught.value)


def test_pieces_out_of_order_are_put_in_order_and_joined(tmp_path: Path) -> None:
    shape = shapely.MultiLineString([[C, D], [A, B], [B, C]])
    new = new_line(write(tmp_path / "a.gpkg", [shape]))
    assert [piece.vertex.tolist() for piece in new.pieces] == [[list(p) for p in (A, B, C, D)]]
    assert "parts put in the order of rows 1.2, 1.1" in new.notes[0]
    assert new.notes[1] == "2 parts joined to 1 where they meet end to end"


def test_parts_with_gaps_follow_the_shortest_jumps(tmp_path: Path) -> None:
    lines = [shapely.LineString(run) for run in ([E, F], [A, B], [C, D])]
    new = new_line(write(tmp_path / "a.gpkg", lines))
    assert starts(new) == [A, C, E]
    assert [piece.part_id for piece in new.pieces] == ["0", "1", "2"]
    assert new.notes[0].startswith("parts put in the order of rows 2, 3, 1")


def test_a_part_column_states_the_order(tmp_path: Path) -> None:
    lines = [shapely.LineString(run) for run in ([E, F], [A, B], [C, D])]
    new = new_line(write(tmp_path / "a.gpkg", lines, part=[1, 2, 3]))
    assert starts(new) == [E, A, C]
    assert not new.notes


def test_many_parts_are_ordered_too() -> None:
    """Twelve pieces of one row, shuffled, each starting near where another ends."""
    pieces = [shapely.get_coordinates(shapely.LineString([(k, 0), (k + 0.9, 0)])) for k in range(12)]
    shuffled = [7, 2, 11, 0, 5, 9, 1, 4, 10, 3, 8, 6]
    order, given_m, best_m = best_order([pieces[k] for k in shuffled])
    assert [shuffled[k] for k in order] == list(range(12))
    assert best_m < given_m / 5


def test_a_part_drawn_backwards_is_refused_where_it_meets_and_doubted_where_not(tmp_path: Path) -> None:
    heads = [shapely.LineString([A, B]), shapely.LineString([C, B])]
    assert "one of them runs backwards" in refused(new_line(write(tmp_path / "a.gpkg", heads)))
    apart = [shapely.LineString([A, B]), shapely.LineString([D, (71.2, 37.0)])]
    new = new_line(write(tmp_path / "b.gpkg", apart))
    assert any("may run backwards" in note for note in new.notes)


def test_lines_that_cross_or_have_no_length_or_leap_are_refused(tmp_path: Path) -> None:
    eight = shapely.LineString([(70, 37), (71, 38), (71, 37), (70, 38)])
    said = refused(new_line(write(tmp_path / "a.gpkg", [eight])))
    assert "neither crosses nor touches itself" in said
    assert "70.50000 37.50000" in said
    other = [shapely.LineString([(70, 37), (71, 37)]), shapely.LineString([(70.5, 36), (70.5, 38)])]
    assert "meets part 1 at 70.50000 37.00000" in refused(new_line(write(tmp_path / "b.gpkg", other)))
    back = shapely.LineString([(70, 37), (71, 37), (70.5, 37)])
    assert "touches itself" in refused(new_line(write(tmp_path / "c.gpkg", [back])))
    point = shapely.LineString([A, A])
    assert "a part of zero length" in refused(new_line(write(tmp_path / "d.gpkg", [point])))
    leap = shapely.LineString([(179.5, 60), (-179.5, 60)])
    assert "180 degree meridian" in refused(new_line(write(tmp_path / "e.gpkg", [leap])))


def test_a_line_that_meets_itself_only_end_to_end_is_sound(tmp_path: Path) -> None:
    ring = shapely.LineString([(70, 39), (71, 39), (71, 40), (70, 39)])
    parts = [shapely.LineString([A, B]), shapely.LineString([B, C]), ring]
    line, _ = new_line(write(tmp_path / "a.gpkg", parts)).line("a", "left", "x")
    assert [part.exclave for part in line.parts] == [False, True]


def test_mixed_geometry_and_polygons_are_refused_row_by_row(tmp_path: Path) -> None:
    mixed = write(tmp_path / "a.geojson", [shapely.LineString([A, B]), shapely.Point(A), WEST])
    with pytest.raises(InputFaults) as caught:
        new_line(mixed)
    assert [(fault.row, fault.found) for fault in caught.value.faults] == [(2, "Point"), (3, "Polygon")]
    with pytest.raises(InputFaults, match="two countries named with --between"):
        new_line(write(tmp_path / "b.gpkg", [WEST, EAST]))


def test_rows_are_selected_and_keep_their_numbers(tmp_path: Path) -> None:
    lines = [shapely.LineString([A, B]), shapely.LineString([C, C]), shapely.LineString([D, E])]
    path = write(tmp_path / "a.gpkg", lines, pair=["x", "y", "z"], source=["me", "you", "me"])
    new = new_line(path, "pair=x")
    assert (starts(new), new.source) == ([A], "me")
    assert "row 2, geometry" in refused(new_line(path, "pair=y"))
    for select, said in (("pair=w", "rows with pair=w"), ("pear=x", "did you mean pair?")):
        with pytest.raises(InputFaults) as caught:
            new_line(path, select)
        assert said in str(caught.value)


def test_the_side_of_home_is_where_its_place_lies(tmp_path: Path) -> None:
    ring = shapely.LineString([(72, 36), (72.2, 36), (72.2, 36.2), (72, 36)])
    path = write(tmp_path / "a.gpkg", [shapely.LineString([A, F]), ring], exclave=[False, True])
    new = new_line(path)
    assert new.side_of(72.0, 37.5) == "left"
    assert new.side_of(72.0, 36.7) == "right"
    for place, said in (
        ((72.15, 36.1), "nearer to the line"),
        (A, "off the line"),
        ((37.0, 172.0), "this ord"),
    ):
        with pytest.raises(InputFaults, match=said):
            new.side_of(*place)


def test_two_countries_by_name_have_home_on_the_left(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [WEST, EAST], iso=["WST", "EST"], name=["Запад", "Восток"])
    for names in (("WST", "EST"), ("Запад", "Восток")):
        countries = read_neighbours(path, None, "", names, Declared())
        assert countries.home_of(0.5, 0.5) == names[0]
        new, found = countries.border(names[0], 1_000)
        assert new.pieces[0].vertex.tolist() == [[1, 0], [1, 0.5], [1, 1]]
        assert found.length_m == pytest.approx(110_574.389, abs=0.01)
    with pytest.raises(InputFaults, match=r"no WSTT \(did you mean WST\?\)"):
        read_neighbours(path, None, "", ("WSTT", "EST"), Declared())
    with pytest.raises(InputFaults, match="twice"):
        read_neighbours(path, None, "", ("WST", "WST"), Declared())
    with pytest.raises(InputFaults, match="a place within"):
        countries.home_of(5, 5)


def test_a_country_of_several_rows_is_one(tmp_path: Path) -> None:
    halves = [shapely.box(0, 0, 1, 0.5), shapely.box(0, 0.5, 1, 1)]
    path = write(tmp_path / "a.gpkg", [*halves, EAST], name=["w", "w", "e"])
    new, _ = read_neighbours(path, None, "", ("w", "e"), Declared()).border("w", 1_000)
    assert new.pieces[0].vertex.tolist() == [[1, 0], [1, 0.5], [1, 1]]


def test_two_files_of_one_country_each(tmp_path: Path) -> None:
    paths = write(tmp_path / "west.geojson", [WEST]), write(tmp_path / "east.gpkg", [EAST])
    countries = read_two_files(paths, Declared())
    assert list(countries.shapes) == ["west", "east"]
    assert countries.border("east", 1_000)[0].pieces[0].vertex.tolist() == [[1, 1], [1, 0.5], [1, 0]]
    with pytest.raises(InputFaults, match="a Polygon or MultiPolygon"):
        read_two_files((paths[0], write(tmp_path / "line.gpkg", [shapely.LineString([A, B])])), Declared())


def test_countries_that_do_not_touch_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [WEST, shapely.box(1.5, 0, 2, 1)], name=["w", "e"])
    countries = read_neighbours(path, None, "", ("w", "e"), Declared())
    with pytest.raises(InputFaults, match=r"\(--gap-m\), found polygons 556\d\d m apart"):  # half a degree
        countries.border("w", 1_000)
    corner = write(tmp_path / "b.gpkg", [WEST, shapely.box(1, 1, 2, 2)], name=["w", "e"])
    with pytest.raises(InputFaults, match="polygons that share no edge"):
        read_neighbours(corner, None, "", ("w", "e"), Declared()).border("w", 1_000)


BORDERS = Path(__file__).parents[2] / ".." / "shared" / "data" / "border" / "border_osm10m.geojson"


@pytest.mark.skipif(not BORDERS.exists(), reason="the shared sample data are not beside the checkout")
def test_the_real_lines_come_out_as_published(tmp_path: Path) -> None:
    for pair, side, lengths_km in (("TJK-AFG", "left", [1_363.266]), ("TJK-KGZ", "right", [893.104, 59.613])):
        new = new_line(BORDERS, f"pair={pair}")
        assert new.side_of(68.78, 38.56) == side  # Dushanbe
        line, _ = new.line(pair, side, "OSM")  # type: ignore[arg-type]
        assert [(p.to_m - p.from_m) / 1e3 for p in line.parts] == pytest.approx(lengths_km, abs=0.001)
