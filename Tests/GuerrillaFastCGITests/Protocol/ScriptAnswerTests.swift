import GuerrillaFastCGI
import NIOCore
import Testing

struct ScriptAnswerTests {
    private func answer(_ text: String) throws(FastCGIProtocolError) -> ScriptAnswer {
        var response = FastCGIResponse()
        response.standardOutput.writeString(text)
        return try ScriptAnswer(response)
    }

    @Test(arguments: [
        "Content-type: text/html; charset=UTF-8\r\n\r\nPASSED", "X: y\n\nPASSED and more", "\r\nPASSED", "\nPASSED",
        "Status: 200 OK\r\nX: y\r\n\r\nPASSED", "status:204\n\nPASSED",
    ])
    func theAnswerStandsBehindTheHeaderSection(_ text: String) throws {
        #expect(try self.answer(text).says("PASSED"))
        #expect(try !self.answer(text).says("REJECTED"))
    }

    @Test(arguments: [
        "X: y\r\n\r\n", "X: y\r\n\r\nPASS", "X: y\r\n\r\n PASSED", "X: y\r\n\r\npassed", "X: PASSED\r\n\r\n",
        "Status: 500 Internal Server Error\r\n\r\nPASSED", "Status: 404\r\n\r\nPASSED",
        "Status: 302 Found\r\n\r\nPASSED",
        "Status:\r\n\r\nPASSED", "Status: 99999999999999999999\r\n\r\nPASSED",
    ])
    func nothingElseCounts(_ text: String) throws {
        #expect(try !self.answer(text).says("PASSED"))
    }

    @Test(arguments: ["", "PASSED", "PASSED\r\n\r\n", "X: y\r\n", "X: y\r\nPASSED"])
    func withoutAHeaderSectionItIsNoAnswer(_ text: String) {
        #expect(throws: FastCGIProtocolError.noHeaderSection) { try self.answer(text) }
    }

    @Test(arguments: [
        ("REJECTED", ""), ("REJECTED no such user\r\n250 OK", "no such user"), ("REJECTED   büro\t!  ", "b??ro?!"),
        ("REJECTED \u{1}\u{7F}x\nmore", "??x"),
    ])
    func itsTextIsOnePrintableLine(_ body: String, _ expected: String) throws {
        #expect(try self.answer("X: y\r\n\r\n\(body)").text(after: "REJECTED") == expected)
    }

    @Test func itsTextIsBounded() throws {
        let text = try self.answer("X: y\r\n\r\nREJECTED" + String(repeating: "x", count: 5_000)).text(
            after: "REJECTED"
        )
        #expect(text == String(repeating: "x", count: 200))
    }
}
