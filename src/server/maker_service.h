// MakerService: the makers of TPMs whose word lets a TPM enrol.
#pragma once

#include "base/error.h"
#include "platform/store/store.h"
#include "server/chronicle.h"
#include "server/route.h"

namespace vedette::server {

class MakerService {
 public:
  MakerService(platform::Store& store, Chronicle& chronicle)
      : store_(store), chronicle_(chronicle) {}

  [[nodiscard]] Result<platform::HttpResponse> list(const Call& call);
  // One to 256 certificates into one group, all or none. Refuses CERT-SYNTAX, and what is
  // malformed.
  [[nodiscard]] Result<platform::HttpResponse> add(const Call& call);
  // One certificate out of one group; tells whether it is a root, how many of the group's devices
  // it admitted, which get no further certificate now, and in which groups it still stands. Refuses
  // DEV-NO-ROOT, and what is malformed.
  [[nodiscard]] Result<platform::HttpResponse> remove(const Call& call);

 private:
  platform::Store& store_;
  Chronicle& chronicle_;
};

}  // namespace vedette::server
