import GuerrillaTestSupport
import NIOCore
import Testing

@testable import GuerrillaServer

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

struct ListeningSocketTests {
    /// Connects to a port of 127.0.0.1, which needs nobody to accept.
    private func connects(to port: Int?) -> Bool {
        #if canImport(Darwin)
        let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #else
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        #endif
        defer { close(descriptor) }
        guard let address = try? SocketAddress(ipAddress: "127.0.0.1", port: port ?? 0) else { return false }
        return address.withSockAddr { connect(descriptor, $0, socklen_t($1)) } == 0
    }

    /// Takes a connection that is there out of the queue.
    private func accepts(_ socket: ListeningSocket) -> Bool {
        guard let descriptor = socket.descriptor else { return false }
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        let accepted = accept(descriptor, nil, nil)
        if accepted >= 0 { close(accepted) }
        return accepted >= 0
    }

    private func isShared(_ socket: ListeningSocket) -> Bool {
        var value: CInt = -1
        var length = socklen_t(MemoryLayout<CInt>.size)
        getsockopt(socket.descriptor ?? -1, SOL_SOCKET, SO_REUSEPORT, &value, &length)
        return value != 0
    }

    @Test func listensFromTheBeginningUntilItIsClosed() throws {
        // Nobody else may get the port when it is given up.
        let port = try ReservedPort()
        defer { withExtendedLifetime(port) {} }
        let socket = try ListeningSocket(host: "127.0.0.1", port: port.number, name: "mail")
        #expect(socket.address.ipAddress == "127.0.0.1")
        #expect(socket.name == "mail")
        #expect(self.connects(to: socket.address.port))
        let descriptor = try #require(socket.descriptor)
        #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
        socket.close()
        #expect(socket.descriptor == nil)
        #expect(!self.connects(to: socket.address.port))
        socket.close()
    }

    @Test func theLastReferenceClosesIt() throws {
        let port = try ReservedPort()
        defer { withExtendedLifetime(port) {} }
        var socket: ListeningSocket? = try ListeningSocket(host: "127.0.0.1", port: port.number)
        #expect(self.connects(to: port.number))
        #expect(socket != nil)
        socket = nil
        #expect(!self.connects(to: port.number))
    }

    @Test func withoutAHostBothFamiliesAreServed() throws {
        let socket = try ListeningSocket(host: nil, port: 0)
        #expect(["::", "0.0.0.0"].contains(socket.address.ipAddress))
        #expect(self.connects(to: socket.address.port))
    }

    /// Connects to a port of `::1`.
    private func connectsOverIPv6(to port: Int?) -> Bool {
        #if canImport(Darwin)
        let descriptor = socket(AF_INET6, SOCK_STREAM, 0)
        #else
        let descriptor = socket(AF_INET6, CInt(SOCK_STREAM.rawValue), 0)
        #endif
        defer { close(descriptor) }
        guard let address = try? SocketAddress(ipAddress: "::1", port: port ?? 0) else { return false }
        return address.withSockAddr { connect(descriptor, $0, socklen_t($1)) } == 0
    }

    /// False where the system has no IPv6: then there is nothing to see.
    private var hasIPv6: Bool { (try? ListeningSocket(host: "::1", port: 0)) != nil }

    @Test func placesAreOfOneFamilyOrOfBoth() throws {
        guard self.hasIPv6 else { return }
        let both = try ListeningSocket(.everywhere(port: 0, needsIPv6: true))
        #expect(self.connects(to: both.address.port) && self.connectsOverIPv6(to: both.address.port))
        #expect(!both.isIPv6Only && both.place == .everywhere(port: try #require(both.address.port), needsIPv6: true))
        let six = try ListeningSocket(.everywhereOnIPv6(port: 0))
        let port = try #require(six.address.port)
        #expect(!self.connects(to: port) && self.connectsOverIPv6(to: port))
        #expect(six.isIPv6Only && six.place == .everywhereOnIPv6(port: port))
        // Each has its own.
        let four = try ListeningSocket(.everywhereOnIPv4(port: port))
        #expect(self.connects(to: port) && self.accepts(four))
        #expect(!four.isIPv6Only && four.place == .everywhereOnIPv4(port: port))
    }

    /// The queue of one that IPv4 does not reach is not that of one that it does.
    @Test func aPredecessorOfOneFamilyIsNoSubstituteForBoth() throws {
        guard self.hasIPv6 else { return }
        let former = try ListeningSocket(.everywhereOnIPv6(port: 0))
        let port = try #require(former.address.port)
        let successor = try ListeningSocket(.everywhere(port: port, needsIPv6: true), sharingWith: [former])
        try successor.beginListening()
        former.close()
        #expect(self.connects(to: port) && self.connectsOverIPv6(to: port))
        let again = try ListeningSocket(.everywhere(port: port, needsIPv6: false), sharingWith: [successor])
        successor.close()
        #expect(self.connects(to: port) && self.connectsOverIPv6(to: port))
        withExtendedLifetime(again) {}
    }

    @Test func ofANameTheFirstAddressOfIPv4Counts() throws {
        #expect(try ListeningSocket(host: "localhost", port: 0).address.ipAddress == "127.0.0.1")
        #expect(throws: SocketAddressError.UnknownHost.self) {
            try ListeningSocket(host: "nonesuch.invalid", port: 0)
        }
    }

    @Test func placesOverlapWhereTheSystemSaysSo() throws {
        guard self.hasIPv6 else { return }
        let port = try ReservedPort()
        defer { withExtendedLifetime(port) {} }
        let places: [ListenPlace] = [
            .everywhere(port: port.number, needsIPv6: true), .everywhereOnIPv4(port: port.number),
            .everywhereOnIPv6(port: port.number), try ListenPlace(host: "127.0.0.1", port: port.number),
            try ListenPlace(host: "127.0.0.2", port: port.number), try ListenPlace(host: "::1", port: port.number),
            try ListenPlace(host: "localhost", port: port.number),
        ]
        for first in places {
            for second in places {
                let one = try ListeningSocket(first)
                let canBeHad = (try? ListeningSocket(second)) != nil
                #expect(first.overlaps(second) == !canBeHad, "\(first) \(second)")
                withExtendedLifetime(one) {}
            }
        }
        #expect(!ListenPlace.everywhere(port: 0, needsIPv6: false).overlaps(.everywhereOnIPv4(port: 0)))
        #expect(!ListenPlace.everywhere(port: 25, needsIPv6: false).overlaps(.everywhereOnIPv4(port: 26)))
    }

    @Test func anAddressThatIsTakenIsAnError() throws {
        let socket = try ListeningSocket(host: "127.0.0.1", port: 0)
        let port = try #require(socket.address.port)
        #expect { try ListeningSocket(host: "127.0.0.1", port: port) } throws: {
            ($0 as? IOError)?.errnoCode == EADDRINUSE
        }
        let other = try ListeningSocket(host: "127.0.0.1", port: 0)
        #expect { try ListeningSocket(host: "127.0.0.1", port: port, sharingWith: [other]) } throws: {
            ($0 as? IOError)?.errnoCode == EADDRINUSE
        }
    }

    @Test func theAddressOfAPredecessorIsTakenOverWithItsQueue() throws {
        let former = try ListeningSocket(host: "127.0.0.1", port: 0)
        let port = try #require(former.address.port)
        let successor = try ListeningSocket(host: "localhost", port: port, sharingWith: [former])
        former.close()
        #expect(successor.address.port == port)
        #expect(self.connects(to: port))
    }

    @Test(arguments: ["127.0.0.1 *", "* 127.0.0.1", "0.0.0.0 127.0.0.1"])
    func anAddressThatOverlapsWithThatOfAPredecessorIsHadBeside(_ hosts: String) throws {
        let hosts = hosts.split(separator: " ").map { $0 == "*" ? nil : String($0) }
        let former = try ListeningSocket(host: hosts[0], port: 0)
        let port = try #require(former.address.port)
        let successor = try ListeningSocket(host: hosts[1], port: port, sharingWith: [former])
        #expect(self.connects(to: port))
        #expect(self.accepts(former))
        try successor.beginListening()
        #expect(!self.isShared(successor))
        #expect(self.connects(to: port))
        former.close()
        #expect(self.connects(to: port))
        // And nobody else can join them.
        #expect(throws: IOError.self) { try ListeningSocket(host: "127.0.0.1", port: port) }
        #expect(successor.address != former.address)
    }

    /// While everything else is looked at, and may yet fail, clients are the predecessor's, and nobody else's for good.
    @Test(arguments: [true, false])
    func aSuccessorThatIsGivenUpLeavesNoTrace(_ isClosed: Bool) throws {
        let former = try ListeningSocket(host: "0.0.0.0", port: 0)
        let port = try #require(former.address.port)
        var successor: ListeningSocket? = try ListeningSocket(host: "127.0.0.1", port: port, sharingWith: [former])
        #expect(self.isShared(former))
        #expect(self.connects(to: port))
        #expect(self.accepts(former))
        if isClosed { successor?.close() } else { successor = nil }
        #expect(!self.isShared(former))
        #expect(self.connects(to: port))
        #expect(self.accepts(former))
        withExtendedLifetime(successor) {}
    }

    @Test func twoCanTakeThePlaceOfOne() throws {
        let former = try ListeningSocket(host: "0.0.0.0", port: 0)
        let port = try #require(former.address.port)
        let successors = try ["127.0.0.1", "127.0.0.2"].map {
            try ListeningSocket(host: $0, port: port, sharingWith: [former])
        }
        for successor in successors { try successor.beginListening() }
        former.close()
        #expect(self.connects(to: port))
        #expect(self.accepts(successors[0]))
    }

    @Test func sharingThatComesToNothingIsTakenBack() throws {
        let former = try ListeningSocket(host: "127.0.0.1", port: 0)
        let port = try #require(former.address.port)
        let other = try ListeningSocket(host: "127.0.0.2", port: port)
        #expect(throws: IOError.self) { try ListeningSocket(host: "0.0.0.0", port: port, sharingWith: [former]) }
        #expect(!self.isShared(former))
        withExtendedLifetime(other) {}
    }

    @Test func aDescriptorOfSomebodyElseIsAdopted() throws {
        let socket = try ListeningSocket(host: "127.0.0.1", port: 0)
        let copy = dup(try #require(socket.descriptor))
        let adopted = try ListeningSocket(adopting: copy, name: "mail")
        #expect(adopted.address == socket.address)
        #expect(adopted.name == "mail")
        #expect(fcntl(copy, F_GETFD) & FD_CLOEXEC != 0)
        socket.close()
        #expect(self.connects(to: adopted.address.port))
    }

    @Test func whatDoesNotListenIsNotAdopted() throws {
        var pair: [CInt] = [0, 0]
        #expect(pipe(&pair) == 0)
        defer { for descriptor in pair { close(descriptor) } }
        #expect { try ListeningSocket(adopting: pair[0]) } throws: {
            "\($0)" == "descriptor \(pair[0]) is not a TCP socket that listens"
        }
        // It is still open: somebody else may need it.
        #expect(fcntl(pair[0], F_GETFD) >= 0)
        #expect(throws: ListeningSocket.NotListening.self) { try ListeningSocket(adopting: 1_000_000) }
    }
}
