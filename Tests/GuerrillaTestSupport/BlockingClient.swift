#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A TCP client on a blocking socket, as plain as can be: what it sends is what arrives.
///
/// To be used off the concurrency pool, in `NIOThreadPool.singleton.runIfActive`. Every wait ends when ``patience`` does.
public final class BlockingClient {
    /// What went wrong.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    private let descriptor: CInt
    private var received: [UInt8] = []

    /// Connects to 127.0.0.1.
    /// - Parameter source: The last number of the address 127.0.0.x to connect from.
    public init(port: Int, source: UInt8 = 1) throws {
        self.descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var timeout = timeval(tv_sec: time_t(patience.components.seconds), tv_usec: 0)
        setsockopt(self.descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(self.descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var noDelay: CInt = 1
        setsockopt(self.descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &noDelay, socklen_t(MemoryLayout<CInt>.size))
        var own = sockaddr_in()
        own.sin_family = sa_family_t(AF_INET)
        own.sin_addr = in_addr(s_addr: in_addr_t(0x7F00_0000 + UInt32(source)).bigEndian)
        let isBound = withUnsafePointer(to: &own) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard isBound == 0 else { throw Failure(description: "bind: \(String(cString: strerror(errno)))") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr = in_addr(s_addr: in_addr_t(0x7F00_0001).bigEndian)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        // The deinitializer closes the socket then too: all properties are set.
        guard result == 0 else { throw Failure(description: "connect: \(String(cString: strerror(errno)))") }
    }

    deinit {
        close(self.descriptor)
    }

    /// Lets the connection end with a reset, as that of a client that has vanished does.
    public func resetAtTheEnd() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(self.descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// Sends octets as they are.
    public func send(_ octets: some Sequence<UInt8>) throws {
        let octets = Array(octets)
        var offset = 0
        while offset < octets.count {
            let sent = octets[offset...].withUnsafeBytes {
                Glibc.send(self.descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard sent > 0 else { throw Failure(description: "send: \(String(cString: strerror(errno)))") }
            offset += sent
        }
    }

    /// Sends a line.
    public func send(line: String) throws {
        try self.send(Array("\(line)\r\n".utf8))
    }

    /// The next line without its CRLF; nil when the server has closed the connection.
    public func readLine() throws -> String? {
        while true {
            if let end = self.received.firstIndex(of: 10) {
                let line = self.received[..<end]
                self.received.removeFirst(end + 1)
                return String(decoding: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
            }
            guard try self.fill() else {
                guard self.received.isEmpty else { throw Failure(description: "closed within a line") }
                return nil
            }
        }
    }

    /// The next reply, all its lines.
    public func readReply() throws -> [String] {
        var lines: [String] = []
        while let line = try self.readLine() {
            lines.append(line)
            if line.utf8.dropFirst(3).first != UInt8(ascii: "-") { break }
        }
        return lines
    }

    /// Sends a line and returns the last line of its reply.
    public func command(_ line: String) throws -> String {
        try self.send(line: line)
        return try self.readReply().last ?? "closed"
    }

    /// Sends an octet now and then until the server says something; nothing is read.
    public func trickleUntilAnswered() throws {
        let deadline = ContinuousClock.now + patience
        var wanted = pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)
        while poll(&wanted, 1, 10) == 0 {
            guard ContinuousClock.now < deadline else { throw Failure(description: "no answer") }
            // The server may have closed just now; what it said is still there.
            try? self.send([120])
        }
    }

    /// Says that nothing more will be sent.
    public func finishSending() {
        shutdown(self.descriptor, CInt(SHUT_WR))
    }

    private func fill() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = recv(self.descriptor, &buffer, buffer.count, 0)
        if count < 0, errno == ECONNRESET { return false }
        guard count >= 0 else { throw Failure(description: "recv: \(String(cString: strerror(errno)))") }
        self.received += buffer[..<count]
        return count > 0
    }
}
