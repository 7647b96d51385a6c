import GuerrillaBackend
import GuerrillaMail
import NIOCore

/// A request to a script, with the names that go-guerrilla's scripts know.
struct FastCGIRequest: Sendable {
    /// The CGI variables. (RFC 3875 § 4.1)
    var parameters: [(String, String)]
    /// Standard input as it is sent.
    var input = ByteBuffer()
    /// The message that follows as the last field of the form, not encoded yet.
    var form: StoredForm?
    /// Whether the request has no effect, so that it may be given up at any time.
    var isSafe: Bool

    /// Asks about a recipient: GET with `rcpt_to`.
    static func validate(_ recipient: Recipient, script: String) -> FastCGIRequest {
        var query = ByteBuffer()
        FormEncoding.write(field: "rcpt_to", recipient.description, into: &query)
        return FastCGIRequest(
            parameters: Self.parameters(script: script, method: "GET", query: String(buffer: query), length: 0),
            isSafe: true
        )
    }

    /// Hands a message over: POST with a form.
    /// - Throws: `MessageMemoryExhausted` when there is no memory for the form.
    static func save(
        _ envelope: Envelope,
        lineEndings: StoredLineEndings,
        script: String
    ) async throws -> FastCGIRequest {
        // The subject is the one part that may be long.
        let input = try await offload(octets: envelope.subject?.utf8.count ?? 0, nanosecondsPerOctet: 4) {
            Self.input(of: envelope)
        }
        guard input.capacity <= 4_096 || envelope.data.reserve(input.capacity) else { throw MessageMemoryExhausted() }
        let form = try await StoredForm(of: envelope, lineEndings: lineEndings)
        var length = input.readableBytes
        for piece in form {
            length += FormEncoding.length(of: piece.readableBytesView)
            // A large message is looked at in turns with the loop's other connections.
            await Task.yield()
        }
        var parameters = Self.parameters(script: script, method: "POST", query: "", length: length)
        parameters.append(("CONTENT_TYPE", "application/x-www-form-urlencoded"))
        return FastCGIRequest(parameters: parameters, input: input, form: form, isSafe: false)
    }

    /// The form up to the message.
    private static func input(of envelope: Envelope) -> ByteBuffer {
        var input = ByteBuffer()
        for (index, recipient) in envelope.recipients.enumerated() {
            FormEncoding.write(field: "rcpt_to_\(index)", recipient.description, into: &input)
        }
        for (name, value) in [
            ("remote_ip", envelope.client.address?.description ?? ""),
            ("subject", envelope.subject ?? ""),
            ("tls_on", envelope.client.tlsVersion == nil ? "false" : "true"),
            ("helo", envelope.client.helo?.description ?? ""),
            ("mail_from", envelope.reversePath.description),
            ("queued_id", envelope.queuedID.description),
            ("body", ""),
        ] {
            FormEncoding.write(field: name, value, into: &input)
        }
        return input
    }

    private static func parameters(
        script: String,
        method: String,
        query: String,
        length: Int
    ) -> [(String, String)] {
        [
            ("SCRIPT_FILENAME", script),
            ("REQUEST_METHOD", method),
            ("QUERY_STRING", query),
            ("CONTENT_LENGTH", String(length)),
            ("GATEWAY_INTERFACE", "CGI/1.1"),
            ("SERVER_PROTOCOL", "HTTP/1.1"),
            ("SERVER_SOFTWARE", "Go-guerrilla fastcgi"),
            ("REMOTE_ADDR", "127.0.0.1"),
        ]
    }
}
