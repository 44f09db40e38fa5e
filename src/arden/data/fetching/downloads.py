"""What can be downloaded: the original files of named sets, where they lie, what they hold."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DOWNLOADS", "Download", "RemoteFile"]


@dataclass(frozen=True)
class RemoteFile:
    """One published file: its name, the digest and the size of what it holds, not compressed.

    `sha256` is that of the IDX or AMAT file before any gzip. It is recomputed from the decoded
    values, so that it does not depend on how a mirror packed the file or ends its lines.
    """

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Download:
    """The files of one set, and the addresses of the folders that hold all of them, best first."""

    mirrors: tuple[str, ...]
    files: tuple[RemoteFile, ...]


def _idx(
    train_images: str, train_labels: str, test_images: str, test_labels: str
) -> tuple[RemoteFile, ...]:
    """Four digests -> the files of MNIST, which Fashion-MNIST took over, names and sizes."""
    return (
        RemoteFile("train-images-idx3-ubyte.gz", train_images, 47_040_016),
        RemoteFile("train-labels-idx1-ubyte.gz", train_labels, 60_008),
        RemoteFile("t10k-images-idx3-ubyte.gz", test_images, 7_840_016),
        RemoteFile("t10k-labels-idx1-ubyte.gz", test_labels, 10_008),
    )


# Every digest was computed from a copy of the data, and agrees with what others publish: the sha256
# of the unpacked IDX files of both sets, and the sha1 and md5 of the AMAT files. The digests of the
# gzip files are well known too, but would refuse a mirror that packed the same content again.
DOWNLOADS: dict[str, Download] = {
    "mnist": Download(
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        _idx(
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
    "fashion-mnist": Download(
        (
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        ),
        _idx(
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
    ),
    "binarized-mnist": Download(
        (
            "https://www.cs.toronto.edu/~larocheh/public/datasets/binarized_mnist/",
            "http://www.cs.toronto.edu/~larocheh/public/datasets/binarized_mnist/",
        ),
        (
            RemoteFile(
                "binarized_mnist_train.amat",
                "ad693b29f94c14277b095f5238ddefbbdaaae0939789dd2f4f0205278cee3e4d",
                78_400_000,
            ),
            RemoteFile(
                "binarized_mnist_valid.amat",
                "1de3d397c40fe8eeb33dafd4099a1f665ec01e96d9be234aaeeac8a34930e2e2",
                15_680_000,
            ),
            RemoteFile(
                "binarized_mnist_test.amat",
                "e6687bfea3f820c174f33b7865140b2a2dd2930ef786f35d45795fc193b5ab2c",
                15_680_000,
            ),
        ),
    ),
}
"""The downloads; several named sets may be made of one."""
