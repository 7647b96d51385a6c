public import GuerrillaSMTP

/// Why a script did not get a request, or did not answer it. The client reads 451; the log gets the details.
public enum FastCGIError: Error, Equatable, CustomStringConvertible {
    /// A message came before `start()` or after `shutdown()`.
    case notRunning
    /// `fcgi_queue_size` requests are waiting for a connection already.
    case queueFull
    /// The server cannot be reached.
    case cannotConnect(address: String, reason: String)
    /// The server closed the connection before the response was complete.
    /// - isAnswered: Whether it had begun to answer.
    case closed(isAnswered: Bool)
    /// The script's response was not complete within `fcgi_timeout`.
    case timedOut(Duration, script: String = "")
    /// The verdict was needed sooner: the script had not answered after this time, or the request still waited for a connection.
    case givenUp(script: String, after: Duration)
    /// The server sent what is no response, or more than we take: what exactly.
    case badResponse(String)
    /// The script ended with this status, which is not 0.
    case scriptFailed(status: UInt32)
    /// The script answered, but not what it has to.
    case unexpectedAnswer(expected: String, status: Int, text: String)

    /// One line for the log.
    public var description: String {
        switch self {
        case .notRunning: "the connection to the FastCGI server is not open"
        case .queueFull: "too many requests wait for the FastCGI server (fcgi_queue_size)"
        case .cannotConnect(let address, let reason): "cannot connect to the FastCGI server at \(address): \(reason)"
        case .closed(isAnswered: true): "the FastCGI server closed the connection within its response"
        case .closed(isAnswered: false): "the FastCGI server closed the connection without a response"
        case .timedOut(let time, let script):
            "the script \(script) did not finish within \(Self.seconds(time)) (fcgi_timeout)"
        case .givenUp(let script, let time):
            "the script \(script) had not answered after \(Self.seconds(time)): the client's time was over, or the client had left"
        case .badResponse(let what): "no response that can be used: \(what)"
        case .scriptFailed(let status): "the script ended with status \(status)"
        case .unexpectedAnswer(let expected, let status, let text):
            "the script's answer does not begin with \(expected): status \(status), \"\(text)\""
        }
    }

    /// `5.0 s`
    private static func seconds(_ time: Duration) -> String {
        "\((time / .milliseconds(100)).rounded() / 10) s"
    }

    /// How far it reaches.
    enum Reach {
        /// This request, or its script.
        case request
        /// This request perhaps, or all of them: that shows when others meet the same.
        case perhapsAll
        /// All requests.
        case all
    }

    /// How far it reaches.
    var reach: Reach {
        switch self {
        case .cannotConnect, .queueFull: .all
        case .closed(isAnswered: false), .timedOut: .perhapsAll
        // A client that leaves at once says nothing about the server.
        case .givenUp(_, let time): time < .seconds(1) ? .request : .perhapsAll
        case .notRunning, .closed, .badResponse, .scriptFailed, .unexpectedAnswer: .request
        }
    }
}

extension FastCGIError: SMTPReplyConvertible {
    /// 451 4.3.1 when the queue is full, 451 4.3.0 otherwise.
    public var smtpReply: SMTPReply { self == .queueFull ? .storeBusy : .localError }
}
