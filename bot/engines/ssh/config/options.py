"""What of OpenSSH's configuration is honoured, what means nothing here, and that all else is refused by name.

``ssh -G`` tells every setting; one that has the value that ssh gives it without any configuration is nobody's wish.
"""

from collections.abc import Mapping, Sequence

from bot.core.errors import HostUnreachableError
from bot.engines.failures import LinkError

Settings = Mapping[str, Sequence[str]]
"""The values of each setting, which ``ssh -G`` writes in small letters."""


def _named(words: str) -> frozenset[str]:
    return frozenset(words.split())


HONOURED = _named(
    "host hostname user port addressfamily hostkeyalias identityfile certificatefile identityagent identitiesonly "
    "proxyjump proxycommand userknownhostsfile globalknownhostsfile ciphers macs kexalgorithms hostkeyalgorithms "
    "pubkeyacceptedalgorithms requiredrsasize"
)
BY_SSH_ITSELF = _named(
    "canonicaldomains canonicalizefallbacklocal canonicalizehostname canonicalizemaxdots canonicalizepermittedcnames "
    "tag"
)
"""Their effect is in what ``ssh -G`` tells."""
STRICTER_HERE = _named(
    "stricthostkeychecking checkhostip updatehostkeys verifyhostkeydns nohostauthenticationforlocalhost "
    "hashknownhosts casignaturealgorithms"
)
"""A key that known_hosts or the pins do not have is refused, whatever these say; certificates of hosts count not."""
OTHER_LOGINS = _named(
    "passwordauthentication kbdinteractiveauthentication kbdinteractivedevices challengeresponseauthentication "
    "hostbasedauthentication hostbasedacceptedalgorithms hostbasedkeytypes enablesshkeysign numberofpasswordprompts "
    "gssapiauthentication gssapikeyexchange gssapidelegatecredentials gssapitrustdns gssapirenewalforcesrekey "
    "gssapikexalgorithms gssapiclientidentity gssapiserveridentity securitykeyprovider addkeystoagent "
    "batchmode"
)
"""A bot has keys alone, and nobody to ask."""
LIMITS_OF_OUR_OWN = _named(
    "connecttimeout connectionattempts serveraliveinterval serveralivecountmax tcpkeepalive rekeylimit ipqos "
    "compression channeltimeout"
)
OF_SESSIONS = _named(
    "requesttty sessiontype remotecommand stdinnull forkafterauthentication escapechar enableescapecommandline "
    "obscurekeystroketiming localcommand permitlocalcommand localforward remoteforward dynamicforward "
    "permitremoteopen exitonforwardfailure clearallforwardings gatewayports streamlocalbindmask "
    "streamlocalbindunlink forwardagent forwardx11 forwardx11timeout forwardx11trusted xauthlocation tunnel "
    "tunneldevice controlmaster controlpath controlpersist visualhostkey fingerprinthash loglevel logverbose "
    "syslogfacility ignoreunknown warnweakcrypto"
)
"""Of the terminal, and of what ssh opens beside it: Deckhand opens neither."""
ALLOWED = HONOURED | BY_SSH_ITSELF | STRICTER_HERE | OTHER_LOGINS | LIMITS_OF_OUR_OWN | OF_SESSIONS
OF_ENVIRONMENT = ("setenv", "sendenv")
DOCKERS = "DOCKER_"
NONE = "none"


def one(settings: Settings, key: str) -> str:
    """The value of a setting; empty where there is none."""
    values = settings.get(key)
    return values[0] if values else ""


def given(settings: Settings, key: str) -> str:
    """The value of a setting; empty, too, where it is turned off."""
    value = one(settings, key)
    return "" if value.lower() == NONE else value


def changed(settings: Settings, defaults: Settings) -> Settings:
    """What somebody has configured."""
    return {key: values for key, values in settings.items() if list(values) != list(defaults.get(key, ()))}


def check(configured: Settings) -> None:
    """LinkError that names the first setting which Deckhand would have to leave out."""
    for key, values in configured.items():
        for value in values:
            if not _allowed(key.lower(), value):
                raise LinkError(
                    HostUnreachableError,
                    f"the SSH configuration says “{key} {value}” for it, which Deckhand does not do. Take it out "
                    "for this host; deploy/manual/hosts.md says what is honoured.",
                )


def _allowed(key: str, value: str) -> bool:
    if key == "pubkeyauthentication":
        return value.lower() not in ("no", "false")
    if key == "preferredauthentications":
        return "publickey" in value.split(",")
    if key in OF_ENVIRONMENT:  # Docker's helper would go to another engine
        return not value.startswith(DOCKERS)
    return key in ALLOWED


def means_nothing(key: str, value: str) -> bool:
    """Whether a setting, its name in small letters, changes nothing of what Deckhand does, whatever its value."""
    return key not in HONOURED | BY_SSH_ITSELF and _allowed(key, value)
