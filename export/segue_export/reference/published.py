"""What was published: where the weights of "msd" are, what they must be, and what their outputs mean.

Won, Ferraro, Bogdanov, Serra: "Evaluation of CNN-based automatic music tagging models" (SMC 2020).
"""

from __future__ import annotations

from typing import Final, NamedTuple

COMMIT: Final = "8907dd96f448c7351eb1127cbb2299bcb54b5c73"
HOST: Final = "https://raw.githubusercontent.com"
REPOSITORIES: Final = (
    f"7x11x13/sota-music-tagging-models/{COMMIT}",
    f"minzwon/sota-music-tagging-models/{COMMIT}",
    "minzwon/sota-music-tagging-models/master",
)
"""Where the files are looked for, in this order; what comes is verified, wherever it came from."""


class Checkpoint(NamedTuple):
    """One published file of weights."""

    name: str
    """Of the network."""
    path: str
    """In the repository."""
    git_id: str
    """Id of the git object: SHA-1 of a header and the content."""


CRNN: Final = Checkpoint("crnn", "models/msd/crnn/best_model.pth", "5e4334531c3e630521d329c68a39ab374d61418c")
SHORT_RES: Final = Checkpoint(
    "short_res", "models/msd/short_res/best_model.pth", "2566ed85f37150ac6f3dba4f5a39985b5acbf156"
)
CHECKPOINTS: Final = (CRNN, SHORT_RES)
VERSION: Final = "2020"
LICENCE: Final = "MIT"
SOURCE: Final = "github.com/minzwon/sota-music-tagging-models (Won et al., SMC 2020)"
SUMMARY: Final = (
    "CRNN and Short-Chunk CNN with residual connections, trained on the Million Song Dataset by their authors"
)

TAGS: Final = (
    *("rock", "pop", "alternative", "indie", "electronic", "female vocalists", "dance", "00s", "alternative rock"),
    *("jazz", "beautiful", "metal", "chillout", "male vocalists", "classic rock", "soul", "indie rock", "Mellow"),
    *("electronica", "80s", "folk", "90s", "chill", "instrumental", "punk", "oldies", "blues", "hard rock", "ambient"),
    *("acoustic", "experimental", "female vocalist", "guitar", "Hip-Hop", "70s", "party", "country", "easy listening"),
    *("sexy", "catchy", "funk", "electro", "heavy metal", "Progressive rock", "60s", "rnb", "indie pop", "sad"),
    *("House", "happy"),
)
"""The fifty labels of both networks, in the order of their outputs: the most frequent tags of Last.fm in the dataset."""

NOTICE: Final = """\
The networks crnn.onnx and short_chunk.onnx were converted from weights published at
https://github.com/minzwon/sota-music-tagging-models under the following licence.

MIT License

Copyright (c) 2020 Music Technology Group, Universitat Pompeu Fabra. Code developed by Minz Won.

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""
"""Goes into the folder of the converted networks."""
