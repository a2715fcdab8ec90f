"""Celery's broker on folders, for one machine: kombu's transport, with messages that appear whole or not at all.

Kombu creates a message's file under its final name and then writes into it; a worker that polls often takes the empty
file away and dies of it. Here the message is written beside its name and renamed.
"""

import uuid
from pathlib import Path
from time import monotonic

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """A channel whose messages are put by rename."""

    def _put(self, queue: str, payload: dict, **kwargs) -> None:
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        folder = Path(self.data_folder_out)
        # The reader only takes names that end in ".<queue>.msg".
        unfinished = folder / f"{name}.part"
        try:
            unfinished.write_bytes(str_to_bytes(dumps(payload)))
            unfinished.replace(folder / name)
        except OSError as error:
            raise ChannelError(f"the message could not be put into {folder}") from error


class Transport(filesystem.Transport):
    Channel = Channel
