// What an application needs to describe messages, replies and processors, so that `import Guerrilla` is all it writes.
@_exported public import GuerrillaBackend
@_exported public import GuerrillaMail
@_exported public import GuerrillaSMTP
@_exported public import GuerrillaServer
