// The settings file and the folder that `pinholed init` makes.
#include "server/front/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <memory>

#include "absl/strings/str_format.h"
#include "server/core/base/sha256.h"
#include "server/core/note/signed_note.h"
#include "server/front/folder.h"
#include "server/system/files.h"
#include "server/system/temp_dir.h"

namespace pinhole::front {
namespace {

std::string Vkey() {
  std::array<uint8_t, 32> seed{};
  return NoteVerifier::Create("vault.example/test", SigningKey::FromSeed(seed).public_key())
      .value()
      .ToVkey();
}

Config GoodConfig() {
  return {.listen = "127.0.0.1:0", .vault_socket = "/run/pinhole/vault.sock", .log_vkey = Vkey()};
}

TEST(Config, ReadsBackWhatItWrote) {
  Config config = GoodConfig();
  config.vault_socket = "/a \"b\"\\c";
  config.public_folder = "public";
  config.witness_folder = "witness";
  const auto text = FormatConfig(config);
  ASSERT_TRUE(text.ok()) << text.status();
  const auto read = ParseConfig(*text);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->listen, config.listen);
  EXPECT_EQ(read->vault_socket, config.vault_socket);
  EXPECT_EQ(read->log_vkey, config.log_vkey);
  EXPECT_EQ(read->public_folder, config.public_folder);
  EXPECT_EQ(read->witness_folder, config.witness_folder);
}

TEST(Config, WithoutFoldersThereAreNoStaticFiles) {
  const auto config = ParseConfig(FormatConfig(GoodConfig()).value());
  EXPECT_EQ(config->public_folder, "");
  EXPECT_EQ(config->witness_folder, "");
}

TEST(Config, NamesTheSettingThatIsWrong) {
  const std::string listen = "listen = \"127.0.0.1:7443\"\n";
  const std::string socket = "vault_socket = \"/run/vault.sock\"\n";
  const std::string vkey = absl::StrFormat("log_vkey = \"%s\"\n", Vkey());
  struct Case {
    const char* name;
    std::string text;
    const char* says;
  };
  const Case cases[] = {
      {"unknown", listen + socket + vkey + "lisen = \"x\"\n", "lisen is no setting"},
      {"missing", listen + vkey, "vault_socket is missing"},
      {"not a text", "listen = 7443\n" + socket + vkey, "listen must be a text"},
      {"no port", "listen = \"localhost\"\n" + socket + vkey, "listen must be \"host:port\""},
      {"port too large", "listen = \"h:65536\"\n" + socket + vkey, "listen must be \"host:port\""},
      {"no key", listen + socket + "log_vkey = \"x+1+2\"\n", "log_vkey is no verifier key"},
      {"path too long", listen + vkey + "vault_socket = \"" + std::string(108, 'x') + "\"\n",
       "vault_socket must be a path"},
      {"no table", socket + vkey + listen + "limits = 3\n", "limits must be a table"},
      {"unknown limit", listen + socket + vkey + "[limits]\nwatchers = 3\n",
       "limits.watchers is no setting"},
      {"limit no number", listen + socket + vkey + "[limits]\nwatches = \"3\"\n",
       "limits.watches must be a whole number"},
      {"limit too small", listen + socket + vkey + "[limits]\nuploads = 0\n",
       "limits.uploads is 0; it must be 1 to"},
      {"one folder for both",
       listen + socket + vkey + "public_folder = \"f\"\nwitness_folder = \"f\"\n",
       "witness_folder must be another folder"},
      {"no TOML", listen + "vault_socket\n", "line 2"},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    const auto config = ParseConfig(test.text);
    EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(config.status().message()), ::testing::HasSubstr(test.says));
  }
}

TEST(Config, EveryLimitIsReadBackAndHasADefaultInItsRange) {
  Config config = GoodConfig();
  const std::string plain = FormatConfig(config).value();
  for (const LimitSetting& setting : LimitSettings()) {
    SCOPED_TRACE(setting.name);
    EXPECT_THAT(plain, ::testing::HasSubstr(absl::StrFormat("\n#%s = ", setting.name)));
    EXPECT_GE(Limits().*setting.value, setting.least);
    EXPECT_LE(Limits().*setting.value, setting.most);
    for (const int64_t value : {setting.least, setting.most}) {
      config.limits = Limits();
      config.limits.*setting.value = value;
      const auto text = FormatConfig(config);
      ASSERT_TRUE(text.ok()) << text.status();
      const auto read = ParseConfig(*text);
      ASSERT_TRUE(read.ok()) << read.status();
      EXPECT_TRUE(read->limits == config.limits);
    }
    for (const int64_t value : {setting.least - 1, setting.most + 1}) {
      config.limits = Limits();
      config.limits.*setting.value = value;
      EXPECT_THAT(std::string(FormatConfig(config).status().message()),
                  ::testing::HasSubstr(absl::StrFormat("limits.%s is %d", setting.name, value)));
    }
  }
}

TEST(Folder, IsPrivateAndMadeOnce) {
  const TempDir parent = TempDir::Make().value();
  const std::string folder = parent.path() + "/front";
  const auto pin = InitFolder(folder, GoodConfig());
  ASSERT_TRUE(pin.ok()) << pin.status();
  struct stat facts {};
  for (const auto& [name, mode] :
       {std::pair("", 0700u), std::pair("/tls.key", 0600u), std::pair("/front.db", 0600u),
        std::pair("/pinholed.toml", 0600u)}) {
    ASSERT_EQ(::stat((folder + name).c_str(), &facts), 0) << name;
    EXPECT_EQ(facts.st_mode & 0777, mode) << name;
  }
  EXPECT_EQ(ReadFile(folder + "/pin").value(), *pin + "\n");
  const std::string key = ReadFile(folder + "/tls.key").value();
  EXPECT_EQ(InitFolder(folder, GoodConfig()).status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ReadFile(folder + "/tls.key").value(), key) << "untouched";
}

TEST(Folder, BadSettingsMakeNoFolder) {
  const TempDir parent = TempDir::Make().value();
  Config config = GoodConfig();
  config.log_vkey = "nonsense";
  const std::string folder = parent.path() + "/front";
  EXPECT_EQ(InitFolder(folder, config).status().code(), absl::StatusCode::kInvalidArgument);
  struct stat facts {};
  EXPECT_NE(::stat(folder.c_str(), &facts), 0);
}

TEST(Folder, CertificateHasTheNameAndThePin) {
  const TempDir parent = TempDir::Make().value();
  const std::string folder = parent.path() + "/front";
  const std::string pin = InitFolder(folder, GoodConfig()).value();
  const std::string pem = ReadFile(folder + "/tls.crt").value();
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), &X509_free);
  ASSERT_NE(certificate, nullptr);
  EXPECT_EQ(X509_check_host(certificate.get(), "pinhole", 0, 0, nullptr), 1);
  EXPECT_NE(X509_check_host(certificate.get(), "example.org", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_verify(certificate.get(), X509_get0_pubkey(certificate.get())), 1);
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &der);
  ASSERT_GT(size, 0);
  EXPECT_EQ(HexEncode(Sha256(ByteView(der, static_cast<size_t>(size)))), pin);
  OPENSSL_free(der);
}

}  // namespace
}  // namespace pinhole::front
