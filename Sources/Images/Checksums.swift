/// The check sums of PNG and zlib.
enum Checksum {
  /// By byte and by how many zero bytes follow it, 0 to 3: its part in the cyclic redundancy check with the
  /// polynomial 0xEDB88320 (ISO/IEC 15948, annex D).
  private static let tables: [UInt32] = {
    var tables: [UInt32] = []
    for byte in 0..<256 {
      var sum = UInt32(byte)
      for _ in 0..<8 { sum = sum >> 1 ^ (sum & 1 == 0 ? 0 : 0xEDB8_8320) }
      tables.append(sum)
    }
    for index in 256..<1024 {
      let sum = tables[index - 256]
      tables.append(tables[Int(sum & 0xFF)] ^ (sum >> 8))
    }
    return tables
  }()

  /// CRC-32 of `bytes`, four at a time.
  static func crc32(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
    var sum: UInt32 = 0xFFFF_FFFF
    tables.withUnsafeBufferPointer { tables in
      let quads = bytes.count & ~3
      for place in stride(from: 0, to: quads, by: 4) {
        sum ^=
          UInt32(bytes[place]) | UInt32(bytes[place + 1]) << 8
          | UInt32(bytes[place + 2]) << 16 | UInt32(bytes[place + 3]) << 24
        sum =
          tables[768 + Int(sum & 0xFF)] ^ tables[512 + Int(sum >> 8 & 0xFF)]
          ^ tables[256 + Int(sum >> 16 & 0xFF)] ^ tables[Int(sum >> 24)]
      }
      for place in quads..<bytes.count {
        sum = tables[Int((sum ^ UInt32(bytes[place])) & 0xFF)] ^ (sum >> 8)
      }
    }
    return ~sum
  }

  /// Adler-32 of `bytes` (RFC 1950, 8.2).
  static func adler32(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
    var (low, high): (UInt32, UInt32) = (1, 0)
    var start = 0
    while start < bytes.count {
      // So many bytes of 255 are the most that 32 bits hold without a remainder taken.
      let end = min(start + 5552, bytes.count)
      for place in start..<end {
        low &+= UInt32(bytes[place])
        high &+= low
      }
      low %= 65521
      high %= 65521
      start = end
    }
    return high << 16 | low
  }
}
