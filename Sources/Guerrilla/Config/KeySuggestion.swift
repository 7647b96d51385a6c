/// Finds the key somebody may have meant.
enum KeySuggestion {
    /// The candidate nearest to `name`, nil when none is near.
    ///
    /// - Parameters:
    ///   - candidates: The names there are.
    ///   - maximumDistance: The most edits it may take; nil for a third of the name's length.
    static func closest(to name: String, among candidates: [String], maximumDistance: Int? = nil) -> String? {
        let name = Array(name.lowercased().utf8.prefix(65))
        guard name.count <= 64 else { return nil }
        var best: (name: String, distance: Int)?
        for candidate in candidates {
            let letters = Array(candidate.lowercased().utf8)
            let limit = maximumDistance ?? max(1, min(name.count, letters.count) / 3)
            guard abs(letters.count - name.count) <= limit else { continue }
            let distance = distance(name, letters)
            if distance <= limit, distance < best?.distance ?? .max {
                best = (candidate, distance)
            }
        }
        return best?.name
    }

    /// The edit distance that counts a swap of neighbours as one edit (optimal string alignment).
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        var beforePrevious: [Int] = []
        var previous = Array(0...right.count)
        for row in 1...left.count {
            var current = [row]
            for column in 1...right.count {
                let cost = left[row - 1] == right[column - 1] ? 0 : 1
                var distance = min(previous[column] + 1, current[column - 1] + 1, previous[column - 1] + cost)
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    distance = min(distance, beforePrevious[column - 2] + 1)
                }
                current.append(distance)
            }
            beforePrevious = previous
            previous = current
        }
        return previous[right.count]
    }
}
