"""Write the golden file of the current format version, unless there is one."""

from simple_db.persistence import formats
from tests.golden import DIRECTORY, filled

if __name__ == "__main__":
    with (DIRECTORY / f"{formats.VERSION}.json").open("xb") as file:
        file.write(filled().snapshot())
