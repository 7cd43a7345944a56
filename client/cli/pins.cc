#include "client/cli/pins.h"

#include "client/cli/record.h"
#include "server/core/base/status.h"

namespace pinhole::cli {
namespace {

constexpr std::string_view kTitle = "pinhole-pins-v1";

}  // namespace

std::string FormatPins(const Pins& pins) {
  return RecordWriter(kTitle)
      .Add("server", pins.server)
      .Add("certificate_key", HexEncode(pins.certificate_key))
      .Add("log", pins.log.ToVkey())
      .text();
}

absl::StatusOr<Pins> ParsePins(std::string_view text) {
  ASSIGN_OR_RETURN(RecordReader reader, RecordReader::Open(text, kTitle));
  ASSIGN_OR_RETURN(const std::string_view server, reader.Take("server"));
  ASSIGN_OR_RETURN(const Digest key, reader.TakeHex<32>("certificate_key"));
  ASSIGN_OR_RETURN(const std::string_view vkey, reader.Take("log"));
  RETURN_IF_ERROR(reader.Done());
  ASSIGN_OR_RETURN(NoteVerifier log, NoteVerifier::FromVkey(vkey));
  return Pins{.server = std::string(server), .certificate_key = key, .log = std::move(log)};
}

Digest LogPin(const NoteVerifier& log) { return Sha256(ByteView(log.public_key().bytes)); }

}  // namespace pinhole::cli
