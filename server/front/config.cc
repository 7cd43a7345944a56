#include "server/front/config.h"

#include <toml++/toml.h>

#include <array>
#include <utility>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"
#include "server/core/note/signed_note.h"

namespace pinhole::front {
namespace {

constexpr size_t kMaxSocketPathBytes = 107;
constexpr std::string_view kUsualPublicFolder = "/srv/pinhole";
constexpr std::string_view kUsualWitnessFolder = "/var/lib/pinhole-witnesses";

absl::Status Wrong(std::string_view setting, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrFormat("pinholed.toml: %s %s", setting, what));
}

absl::Status CheckListen(std::string_view listen) {
  const size_t colon = listen.rfind(':');
  if (colon == std::string_view::npos || colon == 0 ||
      !ParseIntegerIn(listen.substr(colon + 1), 0, 65535).ok()) {
    return Wrong("listen", "must be \"host:port\", such as \"127.0.0.1:7443\"");
  }
  return absl::OkStatus();
}

absl::Status Validate(const Config& config) {
  RETURN_IF_ERROR(CheckListen(config.listen));
  if (config.vault_socket.empty() || config.vault_socket.size() > kMaxSocketPathBytes) {
    return Wrong("vault_socket",
                 absl::StrFormat("must be a path of 1 to %d bytes", kMaxSocketPathBytes));
  }
  if (const auto vkey = NoteVerifier::FromVkey(config.log_vkey); !vkey.ok()) {
    return Wrong("log_vkey", absl::StrFormat("is no verifier key (%s): copy the line that "
                                             "`pinhole-vault init` printed",
                                             vkey.status().message()));
  }
  if (!config.witness_folder.empty() && config.witness_folder == config.public_folder) {
    return Wrong("witness_folder",
                 "must be another folder than public_folder: heads stand in it that may not be "
                 "shown as the ledger's yet");
  }
  for (const LimitSetting& setting : LimitSettings()) {
    const int64_t value = config.limits.*setting.value;
    if (value < setting.least || value > setting.most) {
      return Wrong(
          absl::StrFormat("limits.%s", setting.name),
          absl::StrFormat("is %d; it must be %d to %d", value, setting.least, setting.most));
    }
  }
  return absl::OkStatus();
}

absl::Status ParseLimits(const toml::node& node, Limits& limits) {
  if (!node.is_table()) return Wrong("limits", "must be a table: [limits]");
  for (const auto& [key, value] : *node.as_table()) {
    const std::string name = absl::StrFormat("limits.%s", key.str());
    const LimitSetting* known = nullptr;
    for (const LimitSetting& setting : LimitSettings()) {
      if (setting.name == key.str()) known = &setting;
    }
    if (known == nullptr) {
      return Wrong(name, "is no setting: the file that `pinholed init` makes names them all");
    }
    if (!value.is_integer()) return Wrong(name, "must be a whole number");
    limits.*(known->value) = value.as_integer()->get();
  }
  return absl::OkStatus();
}

std::string FormatLimits(const Limits& limits) {
  std::string text =
      "\n"
      "# What anybody may take of this server. A line that begins with # shows the default; take "
      "the #\n"
      "# away to change it. In brackets: the least and the most.\n"
      "[limits]\n";
  const Limits defaults;
  for (const LimitSetting& setting : LimitSettings()) {
    const int64_t value = limits.*setting.value;
    text += absl::StrFormat("# %s [%d to %d]\n%s%s = %d\n", setting.explains, setting.least,
                            setting.most, value == defaults.*setting.value ? "#" : "", setting.name,
                            value);
  }
  return text;
}

// A basic string of TOML; control characters are refused before.
absl::StatusOr<std::string> Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return absl::InvalidArgumentError("a setting may not hold control characters");
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

// toml++ throws; this is where that ends.
absl::StatusOr<toml::table> Parse(std::string_view text) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "pinholed.toml, line %d: %s", error.source().begin.line, error.description()));
  }
}

}  // namespace

absl::StatusOr<Config> ParseConfig(std::string_view text) {
  ASSIGN_OR_RETURN(const toml::table table, Parse(text));
  Config config;
  const std::array<std::pair<std::string_view, std::string*>, 5> settings = {{
      {"listen", &config.listen},
      {"vault_socket", &config.vault_socket},
      {"log_vkey", &config.log_vkey},
      {"public_folder", &config.public_folder},
      {"witness_folder", &config.witness_folder},
  }};
  for (const auto& [key, node] : table) {
    if (key.str() == "limits") {
      RETURN_IF_ERROR(ParseLimits(node, config.limits));
      continue;
    }
    bool known = false;
    for (const auto& [name, value] : settings) {
      if (key.str() != name) continue;
      known = true;
      if (!node.is_string()) return Wrong(name, "must be a text in quotes");
      *value = node.as_string()->get();
    }
    if (!known) {
      return Wrong(key.str(),
                   "is no setting; there are listen, vault_socket, log_vkey, public_folder, "
                   "witness_folder and [limits]");
    }
  }
  for (const auto& [name, value] : settings) {
    const bool may_be_empty = value == &config.public_folder || value == &config.witness_folder;
    if (value->empty() && !may_be_empty) return Wrong(name, "is missing");
  }
  RETURN_IF_ERROR(Validate(config));
  return config;
}

absl::StatusOr<std::string> FormatConfig(const Config& config) {
  RETURN_IF_ERROR(Validate(config));
  ASSIGN_OR_RETURN(const std::string listen, Quoted(config.listen));
  ASSIGN_OR_RETURN(const std::string vault_socket, Quoted(config.vault_socket));
  ASSIGN_OR_RETURN(const std::string log_vkey, Quoted(config.log_vkey));
  ASSIGN_OR_RETURN(
      const std::string public_folder,
      Quoted(config.public_folder.empty() ? kUsualPublicFolder : config.public_folder));
  ASSIGN_OR_RETURN(
      const std::string witness_folder,
      Quoted(config.witness_folder.empty() ? kUsualWitnessFolder : config.witness_folder));
  const std::string text = absl::StrFormat(
      "# Settings of pinholed, the network side of Pinhole. It holds no private data.\n"
      "\n"
      "# Where gRPC over TLS is served, host:port. 127.0.0.1 is this machine alone; 0.0.0.0 is\n"
      "# every address of it.\n"
      "listen = %s\n"
      "\n"
      "# The vault's Unix socket, or the near end of a stream tunnel to it.\n"
      "vault_socket = %s\n"
      "\n"
      "# The ledger's public key, as `pinhole-vault init` printed it. A ledger under another key "
      "is\n"
      "# refused.\n"
      "log_vkey = %s\n"
      "\n"
      "# A folder in which the ledger is kept as static files (C2SP tlog-tiles), for a web server "
      "to\n"
      "# hand out and auditors' own tools to read. Relative to this file's folder, or absolute.\n"
      "%spublic_folder = %s\n"
      "\n"
      "# A folder in which heads wait for the witnesses that the contest names, as hashes without\n"
      "# entries; `pinhole witness ask --hashes` asks about it and adds the cosignatures. Without "
      "it\n"
      "# such a contest releases nothing. Relative to this file's folder, or absolute.\n"
      "%switness_folder = %s\n",
      listen, vault_socket, log_vkey, config.public_folder.empty() ? "#" : "", public_folder,
      config.witness_folder.empty() ? "#" : "", witness_folder);
  return text + FormatLimits(config.limits);
}

}  // namespace pinhole::front
