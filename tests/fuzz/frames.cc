// Everything that comes by the pipe between front and vault: what a decoder takes is exactly what
// its encoder writes.
#include "server/core/pipe/frames.h"

#include "server/core/pipe/requests.h"
#include "tests/fuzz/target.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::fuzz {
namespace {

using testing::TestKey;

void TryPayload(std::string_view payload) {
  if (const auto size = pipe::DecodeHello(payload); size.ok()) {
    Expect(*size >= 0 && pipe::EncodeHello(*size) == payload, "a hello of two spellings");
  }
  if (const auto round = pipe::DecodeRound(payload); round.ok()) {
    Expect(*round >= 0 && pipe::EncodeRound(*round) == payload, "a round of two spellings");
  }
  if (const auto piece = pipe::DecodeEntryPiece(payload); piece.ok()) {
    Expect(piece->index >= 0 && !piece->bytes.empty() &&
               piece->offset + piece->bytes.size() <= piece->total,
           "a piece beyond its entry");
  }
  if (const auto request = pipe::ParseRequest(payload); request.ok()) {
    const std::string again =
        std::visit([](const auto& parsed) { return pipe::Encode(parsed); }, *request);
    Expect(again == payload, "a request of two spellings");
  }
}

// A frame padded to its size, as mutations change lengths.
template <typename Decode, typename Encode>
void TryFrame(std::string_view bytes, size_t size, const Decode& decode, const Encode& encode) {
  for (const size_t length : {bytes.size(), size}) {
    std::string frame(bytes);
    frame.resize(length, '\0');
    const auto decoded = decode(frame);
    if (!decoded.ok()) continue;
    Expect(length == size && encode(*decoded) == frame, "a frame of two spellings");
    TryPayload(decoded->payload);
  }
}

}  // namespace

void Try(std::span<const uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  TryFrame(text, pipe::kToVaultBytes, pipe::DecodeToVault, pipe::EncodeToVault);
  TryFrame(text, pipe::kToFrontBytes, pipe::DecodeToFront, pipe::EncodeToFront);
  TryPayload(text);
}

std::vector<std::string> Seeds() {
  const auto join =
      pipe::SignJoin(TestKey(20), TestKey(30),
                     pipe::SignInvitation(TestKey(1), "demo", "ada", TestKey(20).public_key()));
  const pipe::SubmitRequest submit = pipe::SignSubmit(TestKey(30), {.contest = "demo",
                                                                    .policy = Sha256("policy"),
                                                                    .program = Sha256("program"),
                                                                    .program_bytes = 7});
  return {pipe::EncodeToVault({pipe::ToVaultType::kHello, pipe::EncodeHello(17)}).substr(0, 64),
          pipe::EncodeToVault({pipe::ToVaultType::kRequest, pipe::Encode(submit)}).substr(0, 900),
          pipe::EncodeToFront({pipe::ToFrontType::kOpen, pipe::EncodeRound(3)}).substr(0, 64),
          pipe::EntryFrames(5, std::string(600, 'x')).front(),
          pipe::EncodeHello(1),
          pipe::EncodeRound(1),
          pipe::Encode(join),
          pipe::Encode(submit)};
}

std::vector<std::string> Words() {
  return {std::string("\0", 1),
          "\xff",
          "\x01",
          "\n",
          " ",
          "=",
          "JOIN",
          "SUBMIT",
          "-",
          "0",
          std::string("\x7f\xff\xff\xff\xff\xff\xff\xff", 8),
          std::string(8, '\xff')};
}

}  // namespace pinhole::fuzz
