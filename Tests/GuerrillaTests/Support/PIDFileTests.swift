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
        #expect(error?.description == "error while writing pidFile (\(self.directory.path)): Is a directory")
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
}
