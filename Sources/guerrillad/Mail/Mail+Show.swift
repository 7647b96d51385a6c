#if CommandLine && SQLite
import ArgumentParser
import Foundation
import Guerrilla
import GuerrillaBackend
import GuerrillaSQLite
import NIOCore

extension Mail {
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a message: its envelope, then its content.",
            discussion: """
                With --json the delivery header and the message are in "content", or in "content_base64" where they are not UTF-8.

                For example: guerrillad mail show 1
                """
        )

        @OptionGroup var store: StoreOptions

        @Flag(help: "Print a JSON object.")
        var json = false

        @Argument(help: "The id or queued id, as listed.")
        var id: String

        func run() throws {
            try self.store.read { store in
                let record = try store.message(Mail.identifier(self.id))
                let message = record.message
                guard !self.json else { return try Terminal.write(JSONText.pretty(.object(Self.members(record)))) }
                for (name, value) in [
                    ("id", "\(record.id)"),
                    ("queued id", message.queuedID),
                    ("received", MailText.time(message.receivedAtMicroseconds)),
                    ("client", "\(message.clientAddress) (\(message.helo)), \(message.transmissionType)"),
                    ("reverse-path", "<\(message.reversePath)>"),
                    ("recipients", message.recipients.joined(separator: ", ")),
                    ("subject", message.subject ?? "-"),
                    ("size", "\(message.size) octets"),
                ] {
                    try Terminal.write("\(name): \(MailText.printable(value))\n")
                }
                try Terminal.write("\n")
                try Mail.write(.id(record.id), of: store)
            }
        }

        private static func members(_ record: StoredMessageRecord) -> ConfigurationObject {
            let message = record.message
            let tls: ConfigurationValue = message.tls.map { .string($0) } ?? .null
            let headers: [ConfigurationValue]? = message.headers?.fields.map { header in
                ["name": .string(header.name), "value": .string(header.body)]
            }
            var members = MailText.members(record.summary)
            members["client"] = [
                "address": .string(message.clientAddress), "port": .integer(Int64(message.clientPort)),
                "helo": .string(message.helo), "protocol": .string(message.transmissionType), "tls": tls,
            ]
            members["headers"] = headers.map { .array($0) } ?? .null
            var content = message.deliveryHeader
            for var piece in message.data { content.writeBuffer(&piece) }
            if let text = String(validating: content.readableBytesView, as: UTF8.self) {
                members["content"] = .string(text)
            } else {
                members["content_base64"] = .string(Data(content.readableBytesView).base64EncodedString())
            }
            return members
        }
    }
}
#endif
