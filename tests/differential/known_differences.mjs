// Where the reference departs from the specification: each with the rule it breaks. Narrow by design: an entry looks at
// the case, not only at the kind of the difference. docs/differential-testing.md holds a minimal case of each.

const known = [];

/** The name of the known fault behind a difference, or undefined. */
export function known_difference(difference) {
    return known.find(({ matches }) => matches(difference))?.name;
}
