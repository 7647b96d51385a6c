import NIOCore

@testable import GuerrillaMail
@testable import GuerrillaSMTP

/// Gives the input as the argument of XCLIENT, to a session that trusts its peer and has greeted it.
///
/// What the client becomes has to be fit for log and Received; what is refused must change nothing; the session goes on in any case.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzXCLIENT(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let argument = UnsafeBufferPointer(start: start, count: count).filter { $0 != 10 && $0 != 13 }
    var limits = SMTPSessionLimits()
    limits.commandLine = 8_192
    var session = SMTPSession(
        client: ClientInfo(address: IPAddress("127.0.0.1"), port: 1, serverName: "mail.example.com"),
        limits: limits,
        memory: MessageMemory(budget: MemoryBudget(limit: 1 << 20)),
        xclient: .allowed
    )
    var input = ByteBuffer(string: "EHLO nginx.example\r\n")
    _ = session.next(&input)
    let before = session.client

    input.writeString("XCLIENT ")
    input.writeBytes(argument)
    input.writeString("\r\n")
    switch session.next(&input) {
    case .greet:
        let client = session.client
        precondition(client.serverName == before.serverName && client.clientNumber == before.clientNumber)
        precondition(client.address?.canonical == client.address, "an address that is not canonical")
        for text in [client.name, client.helo?.description] {
            guard let text else { continue }
            precondition((1...300).contains(text.utf8.count), "a name that is too long")
            precondition(text.utf8.allSatisfy { (33...126).contains($0) }, "a name that is not fit for the log")
        }
    case .reply(let reply):
        precondition(reply.code.kind == .permanentNegative, "neither greeted nor refused: \(reply)")
        precondition(session.client == before, "what is refused changes the client")
    case let other:
        preconditionFailure("\(String(describing: other))")
    }
    precondition(session.next(&input) == nil && input.readableBytes == 0)
    input.writeString("NOOP\r\n")
    precondition(session.next(&input) == .reply(.noop), "the session does not go on")
    return 0
}
