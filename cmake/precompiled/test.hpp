#pragma once

// What unit tests include. See cmake/precompiled.cmake.

#include "plain.hpp"

#include <gtest/gtest.h>
