// A front that stops: it says so, ends what watches, lets uploads end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/unit/front/front_fixture.h"

namespace pinhole::front {
namespace {

using StopTest = FrontTest;

v1::UploadProgramRequest Header(std::string_view program) {
  v1::UploadProgramRequest part;
  part.mutable_header()->set_contest("demo");
  part.mutable_header()->set_sha256(std::string(AsText(Sha256(program))));
  part.mutable_header()->set_size_bytes(static_cast<int64_t>(program.size()));
  return part;
}

v1::UploadProgramRequest Chunk(std::string_view bytes) {
  v1::UploadProgramRequest part;
  part.set_chunk(std::string(bytes));
  return part;
}

TEST_F(StopTest, WatchesEndWithTheReasonAndAnUploadUnderWayEndsWell) {
  Exchange();
  const std::string token = MustJoin(0);
  const auto watch_context = NewContext();
  const auto watch = audit_->WatchEntries(watch_context.get(), {});
  v1::WatchEntriesResponse entries;
  ASSERT_TRUE(watch->Read(&entries));
  const auto upload_context = NewContext(token);
  v1::UploadProgramResponse response;
  const auto upload = contestant_->UploadProgram(upload_context.get(), &response);
  ASSERT_TRUE(upload->Write(Header("program")));
  ASSERT_TRUE(upload->Write(Chunk("prog")));
  // Its header was taken for sure once another call of the same connection was answered after it.
  const auto context = NewContext();
  v1::GetServerInfoResponse info;
  ASSERT_TRUE(audit_->GetServerInfo(context.get(), {}, &info).ok());

  std::thread stop([&] { server_->Stop(absl::Seconds(20)); });
  while (watch->Read(&entries)) {
  }
  const Outcome watched = OutcomeOf(watch->Finish(), *watch_context);
  EXPECT_EQ(watched.code, grpc::StatusCode::UNAVAILABLE) << watched.text;
  EXPECT_EQ(watched.reason, "STOPPING");
  v1::JoinResponse join;
  EXPECT_EQ(Join(1, &join).reason, "STOPPING") << "nothing new is taken";
  EXPECT_TRUE(upload->Write(Chunk("ram")));
  upload->WritesDone();
  const Outcome uploaded = OutcomeOf(upload->Finish(), *upload_context);
  EXPECT_TRUE(uploaded.ok()) << uploaded.text;
  stop.join();
  StartFront();
  v1::Submission submission;
  EXPECT_TRUE(Submit(token, SubmitText(0, "program", "1"), &submission).ok()) << "it was stored";
}

TEST_F(StopTest, AnUploadThatDoesNotEndIsEnded) {
  Exchange();
  const auto context = NewContext(MustJoin(0));
  v1::UploadProgramResponse response;
  const auto upload = contestant_->UploadProgram(context.get(), &response);
  ASSERT_TRUE(upload->Write(Header("program")));
  ASSERT_TRUE(upload->Write(Chunk("prog")));
  const auto other = NewContext();
  v1::GetServerInfoResponse info;
  ASSERT_TRUE(audit_->GetServerInfo(other.get(), {}, &info).ok());
  std::thread stop([&] { server_->Stop(absl::Milliseconds(200)); });
  const Outcome outcome = OutcomeOf(upload->Finish(), *context);
  EXPECT_EQ(outcome.code, grpc::StatusCode::UNAVAILABLE) << outcome.text;
  EXPECT_EQ(outcome.reason, "STOPPING") << outcome.text;
  stop.join();
}

}  // namespace
}  // namespace pinhole::front
