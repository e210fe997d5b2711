import Foundation

#if canImport(Glibc)
  @_exported import Glibc
#elseif canImport(Musl)
  @_exported import Musl
#elseif canImport(Darwin)
  @_exported import Darwin
#endif

/// What the last system call that failed had to say, such as "No space left on device".
func systemErrorText(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }

/// The reason at the bottom of an error of Foundation's, in a few words.
///
/// - Parameter path: the file that was to be read; nil if it was something else.
func systemReason(_ error: any Error, at path: String? = nil) -> String {
  var isFolder: ObjCBool = false
  if let path, FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
    isFolder.boolValue
  {
    return "it is a directory"
  }
  // A cause on Linux need not be an `NSError`.
  let causes = sequence(first: error) {
    ($0 as NSError).userInfo[NSUnderlyingErrorKey] as? any Error
  }.map { $0 as NSError }
  if let cause = causes.first(where: { $0.domain == NSPOSIXErrorDomain }) {
    return systemErrorText(Int32(cause.code))
  }
  // Foundation's words for these say nothing but their numbers.
  let top = error as NSError
  switch (top.domain, top.code) {
  case (NSCocoaErrorDomain, CocoaError.Code.fileReadUnknown.rawValue): return "it cannot be read"
  case (NSCocoaErrorDomain, CocoaError.Code.fileWriteUnknown.rawValue):
    return "it cannot be written"
  default: return error.localizedDescription
  }
}

/// Writes all bytes to an open file, at once and unbuffered. Returns 0, or the error's number.
func writeAll(_ bytes: [UInt8], to file: Int32) -> Int32 {
  bytes.withUnsafeBytes { buffer in
    var rest = buffer[...]
    while !rest.isEmpty {
      let written = write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if written >= 0 {
        rest = rest.dropFirst(written)
      } else if errno != EINTR {
        return errno
      }
    }
    return 0
  }
}

/// The most memory that this process ever had resident, in MiB.
func peakMemoryMB() -> Double {
  var usage = rusage()
  #if canImport(Darwin)
    getrusage(RUSAGE_SELF, &usage)
    return Double(usage.ru_maxrss) / 1_048_576  // bytes
  #else
    // Linux keeps VmHWM per program; ru_maxrss would also count the program that started this one.
    if let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ Double($0) })
    {
      return kilobytes / 1024
    }
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) / 1024
  #endif
}

/// Seconds of a clock that only goes forward.
func secondsNow() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Seconds that processors have worked for this process, on all its threads.
func processorSeconds() -> Double { seconds(of: CLOCK_PROCESS_CPUTIME_ID) }

/// The same of the calling thread alone.
func threadSeconds() -> Double { seconds(of: CLOCK_THREAD_CPUTIME_ID) }

private func seconds(of clock: clockid_t) -> Double {
  var time = timespec()
  clock_gettime(clock, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
