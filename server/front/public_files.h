// The mirror as static files, for web servers and auditors' own tools.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/front/front_log.h"
#include "server/front/mirror.h"
#include "server/publish/static_ledger.h"

namespace pinhole::front {

// Use from one thread at a time. Mirror and log outlive it.
class PublicFiles {
 public:
  // `folder` is absolute. Errors: as StaticLedger::Open; DATA_LOSS when the folder heads more
  // entries than the mirror, or others.
  static absl::StatusOr<std::unique_ptr<PublicFiles>> Open(const std::string& folder,
                                                           const Mirror& mirror, FrontLog& log);

  // Up to the mirror's head. What goes wrong is logged: readers by gRPC are served all the same,
  // and the next call tries again.
  void Grow();

 private:
  PublicFiles(publish::StaticLedger files, const Mirror& mirror, FrontLog& log)
      : files_(std::move(files)), mirror_(mirror), log_(log) {}

  publish::StaticLedger files_;
  const Mirror& mirror_;
  FrontLog& log_;
};

}  // namespace pinhole::front
