# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: BSD-2-Clause
"""From the name of a channel to its id."""

from __future__ import annotations

import difflib
import time
import typing as t

from ansible_collections.teamchat.zoom.plugins.module_utils._errors import InvalidOption, NotFound
from ansible_collections.teamchat.zoom.plugins.module_utils._state import key

if t.TYPE_CHECKING:
    from ansible_collections.teamchat.zoom.plugins.module_utils._client import Client

_T = t.TypeVar("_T")

_NO_CHANNEL = 4130
_REMEMBERED_SECONDS = 300.0
_CANDIDATES = 10


def in_conversation(client: Client, recipient: dict[str, str], do: t.Callable[[dict[str, str]], _T]) -> _T:
    """Do something with a recipient in which a channel's name has become its id.

    A name that was remembered for a channel that is gone is looked up again.

    :raises InvalidOption: no channel, or more than one, has exactly this name.
    """
    name = recipient.get("to_channel_name")
    if name is None:
        return do(recipient)
    names = ChannelNames(client)
    channel, remembered = names.find(name)
    try:
        return do({"to_channel": channel})
    except NotFound as error:
        if error.code != _NO_CHANNEL:
            raise
        names.forget(name)
        if not remembered or error.done:
            raise
    # The name may stand for another channel by now; nothing was sent to the one that is gone.
    return do({"to_channel": names.find(name)[0]})


class ChannelNames:
    """Exact names of the user's channels, remembered in the state folder for five minutes."""

    def __init__(self, client: Client) -> None:
        self._client = client
        connection = client.connection
        # Whose channels they are depends on the account, and with 'me' on the token.
        self._owner = (
            connection.api_url,
            connection.user_id,
            connection.account_id or connection.access_token or "",
            connection.client_id or "",
        )

    def find(self, name: str) -> tuple[str, bool]:
        """The id of the channel, and whether it comes from memory and may be out of date.

        :raises InvalidOption: no channel, or more than one, has exactly this name; lists the candidates.
        """
        stored = self._client.state.read(self._state_name(name)) or {}
        known, at = stored.get("id"), stored.get("at")
        if isinstance(known, str) and isinstance(at, float) and 0 <= time.time() - at < _REMEMBERED_SECONDS:
            return known, True
        channels = [channel for channel in self._client.list_channels() if isinstance(channel.get("id"), str)]
        found = [channel["id"] for channel in channels if channel.get("name") == name]
        if len(found) != 1:
            raise InvalidOption(_not_one(name, found, [str(channel.get("name") or "") for channel in channels]))
        self._client.state.write(self._state_name(name), {"id": found[0], "at": time.time()})
        return found[0], False

    def forget(self, name: str) -> None:
        self._client.state.remove(self._state_name(name))

    def _state_name(self, name: str) -> str:
        return "channel-" + key(*self._owner, name)


def _not_one(name: str, found: t.Sequence[str], names: t.Sequence[str]) -> str:
    if found:
        return (
            f"to_channel_name is {name!r}, which {len(found)} channels of the user have: {', '.join(found)}; give one"
            " of these ids as to_channel."
        )
    if not names:
        return f"to_channel_name is {name!r}, but the user named by user_id is in no channel."
    near = difflib.get_close_matches(name, names, n=_CANDIDATES, cutoff=0.4) or sorted(set(names))[:_CANDIDATES]
    shown = ", ".join(repr(candidate) for candidate in dict.fromkeys(near))
    return (
        f"to_channel_name is {name!r}, but the user named by user_id is in no channel of exactly that name; similar or"
        f" other names: {shown}."
    )
