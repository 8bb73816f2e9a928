"""A regulator gets the program with which they can countersign the log."""

from workflows.oversight.checkpoints import WITNESS_PROGRAM

PAGE = "/en/regulators/checkpoints/"


def test_the_program_of_a_witness_is_one_file_to_take_home(china, client):
    assert f'href="{PAGE}witness.py"' in china.get(PAGE).content.decode()
    answer = china.get(f"{PAGE}witness.py")
    assert answer["Content-Disposition"] == 'attachment; filename="witness.py"'
    assert answer.content == WITNESS_PROGRAM.read_bytes()
    assert client.get(f"{PAGE}witness.py").status_code == 302
