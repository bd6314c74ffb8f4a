"""Tables as people make them: whatever is wrong with one is said with its line, and nothing is dropped in silence."""

from __future__ import annotations

import unicodedata

import pytest

from segue.bench.truth import read_program, read_truth
from segue.errors import BenchFileError


@pytest.fixture
def table(tmp_path):
    def write(text, name="truth.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


def values(truth):
    return [(row.name, row.bpm, row.key, row.group) for row in truth.rows]


@pytest.mark.parametrize(
    "text",
    [
        "path,bpm,key,style\na b.mp3,128.5,Am,techno\n",
        "File Name;Tempo;Initial Key;Genre\r\na b.mp3;128,5;8A;techno\r\n",
        "location\tBPM\ttonality\tgroup\na b.mp3\t128.50\ta-moll\ttechno\n",
        "STYLE|KEY|TEMPO|other|PATH\ntechno|1m|128.5|x, y; z|a b.mp3\n",
        '"path","bpm","key","style"\n\n"a b.mp3","128,5","A minor","techno"\n',
        "sep=;\npath;bpm;key;style\na b.mp3;128.5;Amin;techno\n",
        "a b.mp3,128.5,A min,techno\n",
        "a b.mp3;128,5;Am;techno\n",
    ],
)
def test_every_usual_layout_says_the_same(table, text):
    truth = read_truth(table(text))
    assert values(truth) == [("a b.mp3", 128.5, "A minor", "techno")]
    assert truth.problems == ()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_every_usual_encoding(table, encoding):
    truth = read_truth(table("path,bpm\nJürgen\N{EN DASH}Nacht.mp3,124\n", encoding=encoding))
    assert truth.rows[0].name == "Jürgen\N{EN DASH}Nacht.mp3"


def test_names_full_of_separators_do_not_mislead(table):
    truth = read_truth(table('path;bpm;key\n"a; b, c.mp3";120;Am\nx, y, z.mp3;121;8A\n'))
    assert [row.name for row in truth.rows] == ["a; b, c.mp3", "x, y, z.mp3"]


def test_what_is_wrong_is_said_with_its_line(table):
    truth = read_truth(
        table(
            "path,bpm,key,key_trusted\n"
            "a.mp3,fast,Am,yes\n"
            "\n"
            ",120,Am,yes\n"
            "b.mp3,12800,Q minor,maybe\n"
            "c.mp3,120,Am,no\n"
            "a.mp3,121,Am,yes\n"
            "d,e.mp3,120,Am,yes\n"
            "f.mp3,nan,C,\n"
            "g.mp3,-,,\n"
            "h.mp3\n"
        )
    )
    said = {(problem.line, problem.sentence.split(";")[0]) for problem in truth.problems}
    assert said == {
        (2, "'fast' is no tempo"),
        (4, "no path"),
        (5, "12800 is no tempo in beats a minute"),
        (5, "'Q minor' is no key, as in Am, F# minor, 8A or 1m"),
        (5, "'maybe' does not say whether the key is to be trusted: write yes or no"),
        (7, "a.mp3 again, as on line 2"),
        (8, "5 cells in 4 columns"),
    }
    assert [(row.line, row.bpm, row.key, row.key_trusted) for row in truth.rows] == [
        (2, None, "A minor", True),
        (6, 120.0, "A minor", False),
        (9, None, "C major", False),
    ]
    assert truth.nothing_to_judge == 3  # b.mp3, whose values are none, and the two rows without any
    assert truth.says_trust


def test_a_quotation_mark_that_is_not_closed_is_found(table):
    truth = read_truth(table('path,bpm\na.mp3,120\n"b.mp3,121\nc.mp3,122\n'))
    assert [row.name for row in truth.rows] == ["a.mp3"]
    assert [problem.line for problem in truth.problems] == [3]
    assert "lines 3 to 4" in truth.problems[0].sentence


@pytest.mark.parametrize("column", ["key_trusted", "Trusted Key"])
def test_a_key_in_the_column_of_trust_is_the_trusted_key(table, column):
    truth = read_truth(table(f"path,key,{column}\na.mp3,C,Am\nb.mp3,C,no\nc.mp3,C,Yes\n"))
    assert [(row.key, row.key_trusted) for row in truth.rows] == [
        ("A minor", True),
        ("C major", False),
        ("C major", True),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("bpm,key\n120,Am\n", "no column of paths"),
        ("only one column\nmore text\n", "no column of paths"),
        ("path,artist\na.mp3,B\n", "neither a column bpm nor a column key"),
        ("path,bpm\n", "no row with a path"),
        ("path,bpm\na.mp3,much\n", "Line 2: 'much' is no tempo"),
    ],
)
def test_a_table_of_no_use_is_refused_with_a_sentence(table, text, said):
    with pytest.raises(BenchFileError, match=said) as caught:
        read_truth(table(text))
    assert caught.value.code == "bench-file"
    assert str(caught.value).endswith(".")


def test_a_file_that_is_no_table_is_refused(tmp_path):
    (tmp_path / "truth.csv").write_bytes(bytes(range(256)) * 2000)
    with pytest.raises(BenchFileError):
        read_truth(tmp_path / "truth.csv")
    with pytest.raises(BenchFileError, match="cannot be read"):
        read_truth(tmp_path / "nowhere.csv")
    with pytest.raises(BenchFileError, match="cannot be read"):
        read_truth(tmp_path)


def test_files_are_found_from_the_table_or_from_the_audio_folder(table, tmp_path):
    (tmp_path / "audio" / "sub").mkdir(parents=True)
    accented = unicodedata.normalize("NFD", "é.mp3")
    for name in ("here.mp3", "audio/sub/there.mp3", f"audio/{accented}"):
        (tmp_path / name).touch()
    path = table(
        f"path,bpm\nsub\\there.mp3,120\n{unicodedata.normalize('NFC', 'é.mp3')},121\n{tmp_path / 'here.mp3'},122\n"
    )
    truth = read_truth(path, tmp_path / "audio")
    assert [row.file.is_file() for row in truth.rows] == [True, True, True]
    assert [row.file.is_file() for row in read_truth(path).rows] == [False, False, True]


def test_another_programs_rows_are_matched_by_path_then_file_then_name(table, tmp_path):
    for name in ("a.mp3", "sub/b.mp3", "sub/c.mp3"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    truth = read_truth(
        table("path,bpm,key\na.mp3,120,Am\nsub/b.mp3,121,Am\nsub/c.mp3,122,Am\nd.mp3,123,Am\ne.mp3,124,Am\n")
    )
    other = table(
        f"path,bpm,key\na.mp3,60,8A\n{tmp_path / 'sub' / 'b.mp3'},61,8B\nC:\\Music\\c.mp3,62,\n"
        "one/d.mp3,63,Am\ntwo/d.mp3,64,Am\na.mp3,65,Am\n",
        "other.csv",
    )
    program = read_program(other, "other", truth.rows)
    assert [answer and (answer.bpm, answer.key) for answer in program.answers] == [
        (60.0, "A minor"), (61.0, "C major"), (62.0, None), None, None,
    ]  # fmt: skip
    assert [problem.line for problem in program.problems] == [7]
    assert program.says_bpm
    assert program.says_key


def test_what_another_program_does_not_say_is_not_held_against_it(table):
    truth = read_truth(table("path,bpm,key\na.mp3,120,Am\n"))
    program = read_program(table("path,tempo\na.mp3,120\n", "o.csv"), "o", truth.rows)
    assert (program.says_bpm, program.says_key) == (True, False)
    with pytest.raises(BenchFileError, match="says nothing of any file"):
        read_program(table("path,tempo\nz.mp3,120\n", "p.csv"), "p", truth.rows)
