import GuerrillaTestSupport
import Testing

@testable import Guerrilla

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

struct ExecutablePathTests {
    private let directory = TemporaryDirectory()
    private var running: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    }

    @Test func absolutePathStaysAsItIsLinksIncluded() throws {
        let link = self.directory.path("current")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: self.running)
        #expect(ExecutablePath.find(link, searchPath: nil) == link)
    }

    @Test func nameIsLookedForAsTheShellDoes() throws {
        try FileManager.default.createSymbolicLink(
            atPath: self.directory.path("tests"),
            withDestinationPath: self.running
        )
        try self.directory.write("another program", to: "other")
        #expect(
            ExecutablePath.find("tests", searchPath: "/nonexistent::relative:\(self.directory.path)")
                == self.directory.path("tests")
        )
    }

    @Test(arguments: ["/bin/sh", "sh", "no-such-program", "", "./x"])
    func nameThatIsNotTheRunningProgramIsNotBelieved(name: String) {
        #expect(ExecutablePath.find(name, searchPath: "/usr/bin:/bin") == self.running)
    }
}
