/// The entropy-coded data of one scan (ITU-T T.81, annexes F and G).
struct JPEGScan {
  /// What a scan needs of a component.
  struct Part {
    let component: JPEGComponent
    /// Of the first coefficient and of the others; a scan without such coefficients has none.
    let dc: PrefixCode?
    let ac: PrefixCode?
    /// The component's steps, in zigzag order.
    let steps: Storage<Int32>
    /// The first coefficient of the block before, to which the next one's is added.
    var prediction = 0

    init(_ component: JPEGComponent, dc: PrefixCode?, ac: PrefixCode?) {
      (self.component, self.dc, self.ac) = (component, dc, ac)
      steps = Storage(count: 64)
      for (index, step) in component.steps.enumerated() { steps.cells[index] = step }
    }
  }

  enum Kind {
    /// Whole blocks.
    case sequential
    case dcFirst, dcRefinement, acFirst, acRefinement
  }

  var reader: HighBitReader
  var parts: [Part]
  let kind: Kind
  /// The first and the last coefficient in zigzag order.
  let first: Int
  let last: Int
  /// How many low bits are left for later scans ("successive approximation").
  let low: Int
  let restartInterval: Int
  /// Blocks to come that have no more coefficients in this scan.
  var endOfBandRun = 0
  /// The coefficients of one block of a sequential picture, in rows, multiplied by their steps.
  let block = Storage<Int32>(count: 64)
  /// ``JPEGZigzag/places`` without checks.
  let places: Storage<Int>

  init(
    reader: HighBitReader, parts: [Part], kind: Kind, first: Int, last: Int, low: Int,
    restartInterval: Int
  ) {
    (self.reader, self.parts, self.kind) = (reader, parts, kind)
    (self.first, self.last, self.low) = (first, last, low)
    self.restartInterval = restartInterval
    places = Storage(count: 64)
    for (index, place) in JPEGZigzag.places.enumerated() { places.cells[index] = place }
  }

  /// Reads all blocks. `unitsAcross` and `unitsDown` are of the frame.
  mutating func read(unitsAcross: Int, unitsDown: Int) throws(StreamFault) {
    if parts.count == 1 {
      // A scan of one component has only the blocks with samples that count (A.2.2).
      let component = parts[0].component
      let across = (component.width + 7) / 8
      let count = across * ((component.height + 7) / 8)
      for unit in 0..<count {
        if restartInterval > 0, unit > 0, unit % restartInterval == 0 {
          try restart(unit / restartInterval)
        }
        try readBlock(0, unit / across, unit % across)
      }
      return
    }
    for unit in 0..<(unitsAcross * unitsDown) {
      if restartInterval > 0, unit > 0, unit % restartInterval == 0 {
        try restart(unit / restartInterval)
      }
      let (row, column) = (unit / unitsAcross, unit % unitsAcross)
      for index in parts.indices {
        let (h, v) = (parts[index].component.h, parts[index].component.v)
        for y in 0..<v {
          for x in 0..<h {
            try readBlock(index, row * v + y, column * h + x)
          }
        }
      }
    }
  }

  private mutating func restart(_ count: Int) throws(StreamFault) {
    try reader.restart((count - 1) % 8)
    endOfBandRun = 0
    for index in parts.indices { parts[index].prediction = 0 }
  }
}
