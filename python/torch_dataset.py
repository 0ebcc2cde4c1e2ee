"""A PyTorch Dataset over an array of Nacre: its rows, and beside each the value of an attribute.

    from torch.utils.data import DataLoader
    from torch_dataset import NacreDataset

    images = NacreDataset("work", "images", label="label")
    for rows, labels in DataLoader(images, batch_size=64, shuffle=True, num_workers=2):
        ...

Rows are read when they are asked for. Each worker opens the dataset by itself, at the version of the first.
"""

import nacre_reader

try:
    from torch.utils.data import Dataset
except ImportError:  # A DataLoader takes whatever has a length and items.
    Dataset = object


class NacreDataset(Dataset):
    def __init__(self, folder, array, label=None, version=None):
        self.folder, self.array, self.label = folder, array, label
        self._dataset = nacre_reader.open(folder, version)
        self.version = self._dataset.version
        self._labels = None if label is None else self._dataset.attributes(array)[label]

    def __len__(self):
        return len(self._dataset[self.array])

    def __getitem__(self, row):
        rows = self._dataset[self.array][row]
        return rows if self._labels is None else (rows, self._labels[row])

    def __getitems__(self, rows):
        """A batch in one read: a DataLoader asks so where it can."""
        batch = self._dataset[self.array][rows]
        return list(batch) if self._labels is None else [(one, self._labels[row]) for one, row in zip(batch, rows)]

    def __getstate__(self):
        """For a worker: mappings stay with this process."""
        return {**self.__dict__, "_dataset": None}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self._dataset = nacre_reader.open(self.folder, self.version)
