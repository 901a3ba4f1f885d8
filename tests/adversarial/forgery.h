// Forged answers: what a worker that has been taken over can do to its host, through the only thing
// that they share. The first value of a request names the forgery, by its place in the table.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "inference/channel/layout.h"
#include "inference/worker/worker.h"

namespace vedette::testing {

// The channel as a forger sees it, with an honest answer to its request already in place:
// y = [1], FP32.
struct Ring {
  inference::channel::ControlBlock& control;
  inference::channel::SlotHeader& request;
  inference::channel::SlotHeader& header;
  inference::channel::RefusalText& refusal;
  inference::channel::TensorRecord& record;
  float& question;      // first value of the request
  float& value;         // of the answer
  std::uint8_t& scrap;  // an octet that no message uses
  std::uint32_t number;
};

enum class Next { ring, sleep, answer };  // what the worker does after a forgery

struct Forgery {
  std::string_view name;
  Next (*forge)(Ring& ring);
  std::string_view code;  // the host's; empty: the call succeeds all the same
};

[[nodiscard]] std::span<const Forgery> forgeries();
// As a request's first value: no single answer, but a lie to a request, and then, when its host has
// heard that, an honest answer to the next, which must ask for the same.
[[nodiscard]] float number_of_two_answers();
// As a request's first value.
[[nodiscard]] float number_of(std::string_view forgery);

// In the worker: forges what the request under way asks for, if it asks for anything.
void forge(std::span<std::uint8_t> memory, inference::Moment moment);

}  // namespace vedette::testing
