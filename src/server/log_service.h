// LogService: the Merkle log of decisions, for whoever wants to check it.
#pragma once

#include "base/error.h"
#include "platform/store/store.h"
#include "server/route.h"

namespace vedette::server {

class LogService {
 public:
  explicit LogService(platform::Store& store) : store_(store) {}

  [[nodiscard]] Result<platform::HttpResponse> checkpoint(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> entries(const Call& call);  // at most 1000
  [[nodiscard]] Result<platform::HttpResponse> inclusion(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> consistency(const Call& call);

 private:
  platform::Store& store_;
};

}  // namespace vedette::server
