import NIOCore
import NIOPosix
import Testing

@testable import GuerrillaBackend

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

@Suite struct PlainWordsTests {
    private struct Handshake: Error, CustomStringConvertible {
        let description =
            "handshakeFailed(NIOSSL.BoringSSLError.sslError([Error: 268435581 error:1000007d:SSL routines:"
            + "OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at /x/handshake.cc:298]))"
    }

    private struct Own: Error, CustomStringConvertible {
        let description = "the script (a.php) has its own words"
    }

    @Test func errorsOfSwiftAndNIOAreSaidInWords() {
        #expect(PlainWords.of(CancellationError()).hasPrefix("given up before it was begun: "))
        #expect(PlainWords.of(IOError(errnoCode: ECONNREFUSED, reason: "connect")) == "Connection refused")
        #expect(PlainWords.of(ChannelError.connectTimeout(.seconds(1))) == "no answer in time")
        #expect(PlainWords.of(ChannelError.ioOnClosedChannel) == "the connection is closed")
        #expect(PlainWords.of(Handshake()) == "TLS: certificate verify failed")
        #expect(PlainWords.of(Own()) == "the script (a.php) has its own words")
    }

    @Test func aHostThatCannotBeReachedHasTheReasonOfItsFirstAddress() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let server = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        try await server.close()
        do {
            let channel = try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: port).get()
            try await channel.close()
            Issue.record("something listens there")
        } catch {
            #expect(PlainWords.of(error) == "Connection refused")
        }
    }
}
