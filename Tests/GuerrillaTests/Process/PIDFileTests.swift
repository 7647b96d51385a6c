import Foundation
import GuerrillaTestSupport
import Testing

@testable import Guerrilla

struct PIDFileTests {
    private let directory = TemporaryDirectory()
    private var path: String { self.directory.path("guerrilla.pid") }
    private let processID = "\(ProcessInfo.processInfo.processIdentifier)"

    @Test func holdsTheProcessIDWithoutNewline() throws {
        _ = try PIDFile(writingTo: self.path)
        #expect(self.directory.text("guerrilla.pid") == self.processID)
        #expect(self.directory.contents == ["guerrilla.pid"])
    }

    @Test func replacesAnOldFileInOneStep() throws {
        try self.directory.write("99999999999999999999\n", to: "guerrilla.pid")
        let reader = try #require(FileHandle(forReadingAtPath: self.path))
        _ = try PIDFile(writingTo: self.path)
        #expect(self.directory.text("guerrilla.pid") == self.processID)
        // Whoever had the old file open reads all of the old one.
        #expect(try reader.readToEnd() == Data("99999999999999999999\n".utf8))
        #expect(self.directory.contents == ["guerrilla.pid"])
    }

    @Test func removeTakesTheFileAway() throws {
        let file = try PIDFile(writingTo: self.path)
        file.remove()
        #expect(self.directory.contents.isEmpty)
        file.remove()
    }

    @Test func missingDirectoryIsToldInASentence() {
        let path = self.directory.path("missing/guerrilla.pid")
        let error = #expect(throws: DaemonError.self) { _ = try PIDFile(writingTo: path) }
        #expect(error?.description == "error while writing pidFile (\(path)): No such file or directory")
        #expect(self.directory.contents.isEmpty)
    }

    @Test func directoryInItsPlaceIsToldAndNothingIsLeftBehind() {
        let error = #expect(throws: DaemonError.self) { _ = try PIDFile(writingTo: self.directory.path) }
        #expect(error?.description.contains("is there and is no pid file") == true)
        #expect(!FileManager.default.fileExists(atPath: "\(self.directory.path).\(self.processID)"))
    }

    /// In a directory that others may write to, somebody could have put a link where the file is prepared.
    @Test func fileBehindALinkIsNotOverwritten() throws {
        try self.directory.write("precious", to: "victim")
        try FileManager.default.createSymbolicLink(
            atPath: "\(self.path).\(self.processID)",
            withDestinationPath: self.directory.path("victim")
        )
        _ = try PIDFile(writingTo: self.path)
        #expect(self.directory.text("victim") == "precious")
        #expect(self.directory.text("guerrilla.pid") == self.processID)
        #expect(self.directory.contents == ["guerrilla.pid", "victim"])
    }

    @Test func linkInItsPlaceIsReplacedAndNotFollowed() throws {
        try self.directory.write("precious", to: "victim")
        try self.directory.link("guerrilla.pid", to: "victim")
        let file = try PIDFile(writingTo: self.path)
        #expect(file.leftover == nil)
        #expect(self.directory.text("victim") == "precious")
        #expect(self.directory.text("guerrilla.pid") == self.processID)
        #expect(self.directory.contents == ["guerrilla.pid", "victim"])
    }

    /// It may belong to a daemon that is running; a process without descriptors to spare, say, cannot tell.
    @Test func whatCannotBeOpenedIsNotReplaced() throws {
        // A socket's: nobody can open that, not even root.
        try #require(mknod(self.path, S_IFSOCK | 0o644, 0) == 0)
        let error = #expect(throws: DaemonError.self) { _ = try PIDFile(writingTo: self.path) }
        #expect(
            error?.description
                == "pid_file (\(self.path)) is there and cannot be opened to see whether a daemon has it: No such device or "
                + "address; remove it if none has, or give this one another pid file"
        )
        #expect(self.directory.contents == ["guerrilla.pid"])
        #expect(self.directory.text("guerrilla.pid") == nil)
    }

    @Test func fileOfACrashedDaemonIsReplacedAndItsProcessIDTold() throws {
        // A process that lives, but is no daemon: its id was given again.
        try self.directory.write("1", to: "guerrilla.pid")
        let file = try PIDFile(writingTo: self.path)
        #expect(file.leftover == "1")
        #expect(self.directory.text("guerrilla.pid") == self.processID)
        #expect(self.directory.contents == ["guerrilla.pid"])
    }

    /// A mail store, a configuration: what is named by mistake must not be lost.
    @Test(arguments: ["SQLite format 3\0", "{\"pid_file\": \"x\"}", "-1", "12a", String(repeating: "7", count: 64)])
    func whatIsNoPIDFileIsLeftAlone(text: String) throws {
        try self.directory.write(text, to: "guerrilla.pid")
        let error = #expect(throws: DaemonError.self) { _ = try PIDFile(writingTo: self.path) }
        #expect(error?.description.contains("(\(self.path)) is there and is no pid file") == true)
        #expect(self.directory.text("guerrilla.pid") == text)
        #expect(self.directory.contents == ["guerrilla.pid"])
    }

    @Test func pipeInItsPlaceIsLeftAlone() throws {
        try #require(mkfifo(self.path, 0o600) == 0)
        #expect(throws: DaemonError.self) { _ = try PIDFile(writingTo: self.path) }
        #expect(self.directory.contents == ["guerrilla.pid"])
    }

    @Test(arguments: ["", "\n", "1 \r\n", String(repeating: "7", count: 63), "12\n34"])
    func whateverCrashesAndOtherDaemonsLeaveIsReplaced(text: String) throws {
        try self.directory.write(text, to: "guerrilla.pid")
        let file = try PIDFile(writingTo: self.path)
        #expect(file.leftover?.count ?? 0 <= 20)
        #expect(self.directory.text("guerrilla.pid") == self.processID)
    }

    @Test func newFileHasNoLeftover() throws {
        #expect(try PIDFile(writingTo: self.path).leftover == nil)
    }

    @Test func fileInUseIsRefusedWithTheOtherProcessID() throws {
        let first = try PIDFile(writingTo: self.path)
        let error = #expect(throws: DaemonError.self) { _ = try PIDFile(writingTo: self.path) }
        #expect(
            error?.description.hasPrefix(
                "pid_file (\(self.path)) belongs to a daemon that is running, pid \(self.processID)"
            ) == true
        )
        #expect(first.isInPlace)
        #expect(self.directory.contents == ["guerrilla.pid"])
        first.remove()
        _ = try PIDFile(writingTo: self.path)
    }

    @Test func predecessorIsReplacedAndLeavesTheFileAlone() throws {
        let first = try PIDFile(writingTo: self.path)
        let successor = try PIDFile(writingTo: self.path, predecessor: PIDFile.processID)
        #expect(successor.leftover == nil)
        #expect(successor.isInPlace)
        #expect(!first.isInPlace)
        first.remove()
        #expect(self.directory.text("guerrilla.pid") == self.processID)
        // It is in use as before.
        #expect(throws: DaemonError.self) { _ = try PIDFile(writingTo: self.path, predecessor: 1) }
        successor.remove()
        #expect(self.directory.contents.isEmpty)
    }

    @Test func fileThatSomebodyHasReplacedIsLeftAlone() throws {
        let file = try PIDFile(writingTo: self.path)
        try self.directory.remove("guerrilla.pid")
        try self.directory.write("1234", to: "guerrilla.pid")
        file.remove()
        #expect(self.directory.text("guerrilla.pid") == "1234")
    }

    @Test func oneOfManyThatStartAtOnceGetsIt() async throws {
        try self.directory.write("1", to: "guerrilla.pid")
        let path = self.path
        let files = await withTaskGroup(of: PIDFile?.self) { group in
            for _ in 0..<8 { group.addTask { try? await onThread { try PIDFile(writingTo: path) } } }
            return await group.reduce(into: [PIDFile]()) { files, file in
                if let file { files.append(file) }
            }
        }
        #expect(files.count == 1)
        #expect(files.first?.isInPlace == true)
        #expect(self.directory.contents == ["guerrilla.pid"])
    }
}
