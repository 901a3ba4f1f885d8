// Verified<T>: a value that passed its check, and only its check can say so.
#pragma once

#include <utility>

namespace vedette {

// T names its verifier by a nested type `VerificationKey` whose constructor only that verifier can
// call (private, with the verifier as friend). Everything downstream takes Verified<T>, so that
// forgetting the check does not compile.
template <class T>
class Verified {
 public:
  Verified(typename T::VerificationKey /*proof*/, T value) : value_(std::move(value)) {}

  [[nodiscard]] const T& operator*() const { return value_; }
  [[nodiscard]] const T* operator->() const { return &value_; }

 private:
  T value_;
};

}  // namespace vedette
