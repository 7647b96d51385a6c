import GuerrillaFastCGI
import Testing

struct FastCGIAddressTests {
    @Test(arguments: [
        ("127.0.0.1:9000", FastCGIAddress.tcp(host: "127.0.0.1", port: 9_000)),
        ("localhost:1", .tcp(host: "localhost", port: 1)), ("[::1]:65535", .tcp(host: "::1", port: 65_535)),
    ])
    func hostAndPortAreRead(_ text: String, _ expected: FastCGIAddress) {
        #expect(FastCGIAddress(tcp: text) == expected)
        #expect(expected.description == text)
    }

    @Test(arguments: [
        "", ":", "9000", ":9000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "::1:9000", "[]:1",
        "a:+1",
    ])
    func whatIsNoAddressIsRefused(_ text: String) {
        #expect(FastCGIAddress(tcp: text) == nil)
    }
}
