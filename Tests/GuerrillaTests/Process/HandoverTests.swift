import Testing

@testable import Guerrilla

struct HandoverTests {
    @Test(arguments: ["127.0.0.1:2525", ":25", "[::1]:0", "mail.example.com:465", "a=b:1"])
    func whatIsWrittenIsRead(interface: String) {
        let handover = Handover(
            predecessor: 4711,
            reportDescriptor: 3,
            sockets: [
                Handover.Socket(interface: ListenInterface(interface), descriptor: 4),
                Handover.Socket(interface: ListenInterface(host: nil, port: 0), descriptor: 5),
                Handover.Socket(interface: nil, descriptor: 6),
            ]
        )
        #expect("\(handover)" == "4711 3 4=\(interface) 5=:0 6=")
        #expect(Handover("\(handover)") == handover)
    }

    @Test func noSocketsAndNoReportAreFine() {
        #expect(Handover("1 -") == Handover(predecessor: 1, reportDescriptor: nil, sockets: []))
        #expect("\(Handover(predecessor: 1, reportDescriptor: nil, sockets: []))" == "1 -")
        #expect(Handover("1 3") == Handover(predecessor: 1, reportDescriptor: 3, sockets: []))
    }

    @Test(arguments: [
        "", " ", "1", "1 ", "x 3", "1 x", "0 3", "1 2", "1 -3", "1 3 ", "1 3 4", "1 3 4=25", "1 3 =:25",
        "1 3 2=:25",
        "1 3 99999999999=:25", "1  3", "1 3  4=:25",
    ])
    func anythingElseIsNone(text: String) {
        #expect(Handover(text) == nil)
    }

    @Test func reportsAreOneLine() {
        #expect(SuccessorReport("ready") == .ready)
        #expect(SuccessorReport("failed: no such\tthing") == .failed("no such\tthing"))
        #expect("\(SuccessorReport.failed("two\nlines"))" == "failed: two lines")
        #expect(SuccessorReport("Ready") == nil)
        #expect(SuccessorReport("") == nil)
    }
}
