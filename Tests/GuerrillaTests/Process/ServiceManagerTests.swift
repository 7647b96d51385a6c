import GuerrillaTestSupport
import Testing

@testable import Guerrilla

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

struct ServiceManagerTests {
    /// What systemd has at the other end.
    private final class Manager {
        let descriptor: CInt

        init(address: [UInt8]) {
            self.descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: address) }
            let length = socklen_t(MemoryLayout<sa_family_t>.size + address.count)
            withUnsafePointer(to: &name) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = bind(self.descriptor, $0, length) }
            }
            var patience = timeval(tv_sec: 60, tv_usec: 0)
            setsockopt(self.descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        }

        deinit {
            close(self.descriptor)
        }

        func receive() -> String {
            var buffer = [UInt8](repeating: 0, count: 4_096)
            let count = recv(self.descriptor, &buffer, buffer.count, 0)
            return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        }
    }

    private let directory = TemporaryDirectory()

    @Test func allOfItIsOneMessage() {
        let manager = Manager(address: Array(self.directory.path("n").utf8))
        ServiceManager(environment: ["NOTIFY_SOCKET": self.directory.path("n")])
            .notify(.mainProcess(42), .ready, .status("two\nlines"))
        #expect(manager.receive() == "MAINPID=42\nREADY=1\nSTATUS=two lines\n")
    }

    @Test func namesOfTheAbstractNamespaceBeginWithAnAt() {
        let name = "guerrilla-test-\(getpid())"
        let manager = Manager(address: [0] + Array(name.utf8))
        ServiceManager(environment: ["NOTIFY_SOCKET": "@\(name)"]).notify(.stopping)
        #expect(manager.receive() == "STOPPING=1\n")
    }

    @Test func reloadingHasTheTimeOfTheSystemsClock() throws {
        var before = timespec()
        clock_gettime(CLOCK_MONOTONIC, &before)
        let lines = ServiceManager.assignment(.reloading).split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first == "RELOADING=1")
        let time = try #require(lines.last?.split(separator: "=").last.flatMap { UInt64($0) })
        #expect(time / 1_000_000 >= before.tv_sec)
    }

    @Test(arguments: [
        nil, "", "@", "relative/path", "vsock:2:1234", "/" + String(repeating: "x", count: 108),
        "/nonexistent/socket",
    ])
    func nobodyToTellIsNoProblem(address: String?) {
        let manager = ServiceManager(environment: address.map { ["NOTIFY_SOCKET": $0] } ?? [:])
        #expect(manager.isThere == (address == "/nonexistent/socket"))
        manager.notify(.ready)
    }
}
