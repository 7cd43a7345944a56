// Every method of every service, from the descriptors: what it asks for before it does anything,
// and the health that anybody may ask.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>
#include <gtest/gtest.h>

#include <future>
#include <map>
#include <thread>

#include "absl/strings/str_format.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/unit/front/front_fixture.h"

namespace pinhole::front {
namespace {

// What a call must bring. kSignature: no token; the signed text inside is what counts.
enum class Credential { kNone, kToken, kSignature };

const std::map<std::string, Credential>& Credentials() {
  static const std::map<std::string, Credential> table = {
      {"AuditService/GetServerInfo", Credential::kNone},
      {"AuditService/ListContests", Credential::kNone},
      {"AuditService/GetContest", Credential::kNone},
      {"AuditService/GetBoard", Credential::kNone},
      {"AuditService/GetCheckpoint", Credential::kNone},
      {"AuditService/ListEntries", Credential::kNone},
      {"AuditService/WatchEntries", Credential::kNone},
      {"AuditService/GetInclusionProof", Credential::kNone},
      {"AuditService/GetConsistencyProof", Credential::kNone},
      {"ContestantService/Join", Credential::kSignature},
      {"ContestantService/UploadProgram", Credential::kToken},
      {"ContestantService/Submit", Credential::kToken},
      {"ContestantService/Choose", Credential::kToken},
      {"ContestantService/GetSubmission", Credential::kToken},
      {"ContestantService/ListSubmissions", Credential::kToken},
  };
  return table;
}

// A message with one field set, so that no call fails for being empty before its token is read.
std::string SomeMessage(const std::string& method) {
  v1::UploadProgramRequest upload;
  upload.mutable_header()->set_contest("demo");
  if (method == "ContestantService/UploadProgram") return upload.SerializeAsString();
  return "";
}

class ServicesTest : public FrontTest {
 protected:
  explicit ServicesTest(const Limits& limits = {}) : FrontTest(limits) {}
  // Sends one message to a method by its name, whatever its kind.
  Outcome Call(const std::string& path, const std::string& message, const std::string& token,
               std::string* answer = nullptr) {
    grpc::GenericStub stub(channel_);
    const auto context = NewContext(token);
    if (path.ends_with("/WatchEntries")) {
      // It does not end by itself.
      context->set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(300));
    }
    const grpc::Slice slice(message);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    std::promise<grpc::Status> done;
    stub.UnaryCall(context.get(), path, grpc::StubOptions(), &request, &response,
                   [&](grpc::Status status) { done.set_value(std::move(status)); });
    const grpc::Status status = done.get_future().get();
    if (answer != nullptr && status.ok()) {
      grpc::Slice whole;
      EXPECT_TRUE(response.DumpToSingleSlice(&whole).ok());
      answer->assign(reinterpret_cast<const char*>(whole.begin()), whole.size());
    }
    return OutcomeOf(status, *context);
  }
  std::string Health(const std::string& service) {
    // grpc.health.v1.HealthCheckRequest: field 1, text; the answer's field 1 is 1 for SERVING.
    std::string message;
    if (!service.empty()) message = absl::StrFormat("\x0a%c%s", service.size(), service);
    std::string answer;
    const Outcome outcome = Call("/grpc.health.v1.Health/Check", message, "", &answer);
    if (outcome.code == grpc::StatusCode::NOT_FOUND) return "NOT_FOUND";
    return answer == std::string("\x08\x01", 2) ? "SERVING" : outcome.text + "?" + answer;
  }
};

TEST_F(ServicesTest, EveryMethodAsksForItsCredentialFirst) {
  Exchange();
  const std::string team = MustJoin(0);
  std::map<std::string, Credential> left = Credentials();
  for (const auto* file :
       {v1::GetServerInfoRequest::descriptor()->file(), v1::JoinRequest::descriptor()->file()}) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        const auto* const method = file->service(s)->method(m);
        const std::string name = absl::StrFormat("%s/%s", file->service(s)->name(), method->name());
        SCOPED_TRACE(name);
        const auto entry = left.find(name);
        ASSERT_NE(entry, left.end()) << "a new method needs its line in the table above";
        const std::string path = "/pinhole.v1." + name;
        for (const std::string& token : {std::string(), std::string(64, '0'), std::string("x")}) {
          const Outcome outcome = Call(path, SomeMessage(name), token);
          switch (entry->second) {
            case Credential::kNone:
              EXPECT_NE(outcome.reason, "BAD_TOKEN");
              EXPECT_NE(outcome.code, grpc::StatusCode::UNIMPLEMENTED);
              break;
            case Credential::kSignature:
              EXPECT_EQ(outcome.reason, "BAD_REQUEST") << outcome.text;
              break;
            case Credential::kToken:
              EXPECT_EQ(outcome.code, grpc::StatusCode::UNAUTHENTICATED) << outcome.text;
              EXPECT_EQ(outcome.reason, "BAD_TOKEN");
              break;
          }
        }
        if (entry->second == Credential::kToken) {
          EXPECT_NE(Call(path, SomeMessage(name), team).reason, "BAD_TOKEN");
        }
        left.erase(entry);
      }
    }
  }
  EXPECT_TRUE(left.empty()) << "the table has a method that the contract lacks";
}

TEST_F(ServicesTest, WhatIsNotThereIsUnimplemented) {
  for (const char* path :
       {"/pinhole.v1.OrganizerService/OpenContest", "/pinhole.v1.AuditService/X",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "/nothing", "/"}) {
    EXPECT_EQ(Call(path, "", "").code, grpc::StatusCode::UNIMPLEMENTED) << path;
  }
}

TEST_F(ServicesTest, HealthIsOfTheFrontWhetherTheVaultLivesOrNot) {
  for (const bool alive : {true, false}) {
    SCOPED_TRACE(alive);
    EXPECT_EQ(Health(""), "SERVING");
    EXPECT_EQ(Health("pinhole.v1.AuditService"), "SERVING");
    EXPECT_EQ(Health("pinhole.v1.ContestantService"), "SERVING");
    EXPECT_EQ(Health("pinhole.v1.Nothing"), "NOT_FOUND");
    vault_.Die();
  }
}

class SmallLimitsTest : public ServicesTest {
 protected:
  static Limits Small() {
    Limits limits;
    limits.requests_burst = 40;
    limits.requests_per_second = 1;
    limits.message_bytes = 64 * 1024;
    return limits;
  }
  SmallLimitsTest() : ServicesTest(Small()) {}
};

TEST_F(SmallLimitsTest, TooManyCallsAreToldWhenToComeAgain) {
  Outcome last;
  int served = 0;
  for (; served <= Small().requests_burst + 20 && last.ok(); ++served) {
    const auto context = NewContext();
    v1::GetServerInfoResponse response;
    last = OutcomeOf(audit_->GetServerInfo(context.get(), {}, &response), *context);
  }
  EXPECT_EQ(last.code, grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(last.reason, "RATE_LIMITED");
  EXPECT_EQ(last.retry_after, "1");
  EXPECT_GT(served, Small().requests_burst);
}

TEST_F(SmallLimitsTest, HealthIsUnderTheSameLimits) {
  Outcome last;
  int served = 0;
  for (; served <= Small().requests_burst + 20 && last.ok(); ++served) {
    last = Call("/grpc.health.v1.Health/Check", "", "");
  }
  EXPECT_EQ(last.code, grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(last.reason, "RATE_LIMITED");
  EXPECT_EQ(last.retry_after, "1");
  EXPECT_GT(served, Small().requests_burst);
}

class FewWatchesTest : public FrontTest {
 protected:
  static Limits Few() {
    Limits limits;
    limits.watches_per_address = 1;
    return limits;
  }
  FewWatchesTest() : FrontTest(Few()), health_(::grpc::health::v1::Health::NewStub(NewChannel())) {}
  std::unique_ptr<::grpc::health::v1::Health::Stub> health_;
};

TEST_F(FewWatchesTest, AHealthWatchHasAPlaceAndIsToldOfTheStop) {
  const auto context = NewContext();
  const auto watch = health_->Watch(context.get(), {});
  ::grpc::health::v1::HealthCheckResponse state;
  ASSERT_TRUE(watch->Read(&state));
  EXPECT_EQ(state.status(), state.SERVING);
  const auto second_context = NewContext();
  const auto second = health_->Watch(second_context.get(), {});
  EXPECT_FALSE(second->Read(&state));
  EXPECT_EQ(OutcomeOf(second->Finish(), *second_context).reason, "BUSY");
  std::thread stop([&] { server_->Stop(absl::Seconds(20)); });
  EXPECT_TRUE(watch->Read(&state));
  EXPECT_EQ(state.status(), state.NOT_SERVING);
  EXPECT_FALSE(watch->Read(&state));
  EXPECT_EQ(OutcomeOf(watch->Finish(), *context).reason, "STOPPING");
  stop.join();
}

TEST_F(FewWatchesTest, AWatchOfNoServiceSaysSoAndStaysOpen) {
  const auto context = NewContext();
  ::grpc::health::v1::HealthCheckRequest request;
  request.set_service("pinhole.v1.Nothing");
  const auto watch = health_->Watch(context.get(), request);
  ::grpc::health::v1::HealthCheckResponse state;
  ASSERT_TRUE(watch->Read(&state));
  EXPECT_EQ(state.status(), state.SERVICE_UNKNOWN);
  context->TryCancel();
  EXPECT_FALSE(watch->Read(&state));
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(SmallLimitsTest, AMessageAboveTheLimitIsNamedSo) {
  const auto context = NewContext();
  v1::JoinRequest request;
  request.set_signed_request(std::string(static_cast<size_t>(Small().message_bytes) + 1, 'x'));
  v1::JoinResponse response;
  const Outcome outcome = OutcomeOf(contestant_->Join(context.get(), request, &response), *context);
  EXPECT_EQ(outcome.code, grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(outcome.reason, "TOO_LARGE");
}

}  // namespace
}  // namespace pinhole::front
