/// What is wrong with a page or a drawing; nil if nothing is: elements nest and close, attributes are
/// quoted, and every `&` begins one of our entities.
func markupFault(in html: String) -> String? {
  var open: [Substring] = []
  var rest = html[...]
  while let start = rest.firstIndex(where: { $0 == "<" || $0 == "&" || $0 == ">" }) {
    rest = rest[start...]
    if rest.first == "&" {
      let entities = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"]
      guard let entity = entities.first(where: rest.hasPrefix) else {
        return "stray & before \(rest.prefix(20))"
      }
      rest = rest.dropFirst(entity.count)
      continue
    }
    guard rest.first == "<", let end = rest.firstIndex(of: ">") else {
      return "stray > or open tag before \(rest.prefix(20))"
    }
    let tag = rest[rest.index(after: rest.startIndex)..<end]
    rest = rest[rest.index(after: end)...]
    if tag.hasPrefix("!DOCTYPE") { continue }
    if tag.hasPrefix("/") {
      guard open.popLast() == tag.dropFirst() else {
        return "</\(tag.dropFirst())> closes nothing"
      }
      continue
    }
    if tag.filter({ $0 == "\"" }).count % 2 != 0 { return "open quote in <\(tag)>" }
    if tag.contains("<") { return "< inside <\(tag)>" }
    if !tag.hasSuffix("/") { open.append(tag.prefix { $0 != " " && $0 != "\n" }) }
  }
  return open.isEmpty ? nil : "never closed: \(open)"
}
