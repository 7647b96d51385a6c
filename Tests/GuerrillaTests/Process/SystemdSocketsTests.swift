import Testing

@testable import Guerrilla

struct SystemdSocketsTests {
    private func sockets(_ environment: [String: String]) throws(DaemonError) -> [SystemdSockets.Socket] {
        try SystemdSockets(environment: environment, processID: 42).sockets
    }

    @Test func socketsBeginAtThree() throws {
        let sockets = try self.sockets(["LISTEN_PID": "42", "LISTEN_FDS": "2"])
        #expect(sockets == [.init(descriptor: 3, name: ""), .init(descriptor: 4, name: "")])
    }

    @Test func namesBelongToThemInOrder() throws {
        let sockets = try self.sockets(["LISTEN_PID": "42", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "smtp::x"])
        #expect(sockets.map(\.name) == ["smtp", "", "x"])
        #expect(
            try self.sockets(["LISTEN_PID": "42", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "one"]).map(\.name) == [
                "one", "",
            ]
        )
    }

    @Test(arguments: [
        [:], ["LISTEN_FDS": "1"], ["LISTEN_PID": "42"], ["LISTEN_PID": "41", "LISTEN_FDS": "1"],
        ["LISTEN_PID": "", "LISTEN_FDS": "1"], ["LISTEN_PID": "42", "LISTEN_FDS": "0"],
        ["LISTEN_PID": "1", "LISTEN_FDS": "many"],
    ])
    func whatIsNotForUsMeansNothing(environment: [String: String]) throws {
        #expect(try self.sockets(environment).isEmpty)
    }

    @Test(arguments: ["", "many", "-1", "1025", "99999999999999999999", " 1"])
    func aNumberThatIsNoneIsToldInASentence(count: String) {
        let error = #expect(throws: DaemonError.self) { try self.sockets(["LISTEN_PID": "42", "LISTEN_FDS": count]) }
        #expect(error?.description == "LISTEN_FDS: expected a number of sockets, found `\(count)`")
    }
}
