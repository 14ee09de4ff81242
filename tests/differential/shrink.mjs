// Makes a case smaller while what is wrong with it stays: accounts, storage, lists and bytes go if nothing changes.

/** A copy that shares nothing that is edited. */
export const copy = (test) => structuredClone(test);

const changed = (test, edit) => {
    const smaller = copy(test);
    return edit(smaller) === false ? undefined : smaller;
};

function* smaller_worlds(test) {
    for (const address of test.pre.keys()) {
        yield changed(test, ({ pre }) => pre.delete(address));
        yield changed(test, ({ pre }) => pre.get(address).storage.size > 0 && void pre.get(address).storage.clear());
        for (const slot of test.pre.get(address).storage.keys()) yield changed(test, ({ pre }) => pre.get(address).storage.delete(slot));
        yield changed(test, ({ pre }) => pre.get(address).code.length > 0 && void (pre.get(address).code = new Uint8Array()));
    }
}
function* smaller_transactions(test) {
    yield changed(test, ({ tx }) => tx.value > 0n && void (tx.value = 0n));
    yield changed(test, ({ tx }) => tx.tip > 0n && void (tx.tip = 0n));
    yield changed(test, ({ tx }) => tx.blobs > 1 && void (tx.blobs = 1));
    for (let i = 0; i < test.tx.access_list.length; ++i) yield changed(test, ({ tx }) => void tx.access_list.splice(i, 1));
    for (let i = 0; i < test.tx.authorizations.length; ++i) yield changed(test, ({ tx }) => tx.authorizations.length > 1 && void tx.authorizations.splice(i, 1));
}

/** Every byte string that a case holds: how to read and how to replace it. */
const byte_strings = (test) => [
    ...[...test.pre.keys()].map((address) => [({ pre }) => pre.get(address).code, ({ pre }, bytes) => void (pre.get(address).code = bytes)]),
    [({ tx }) => tx.data, ({ tx }, bytes) => void (tx.data = bytes)],
];
const without = (bytes, from, to) => Uint8Array.from([...bytes.slice(0, from), ...bytes.slice(to)]);
const blanked = (bytes, from, to) => bytes.slice().fill(0x5b, from, to); // JUMPDEST: one gas, and nothing moves

function* smaller_bytes(test) {
    for (const [read, write] of byte_strings(test)) {
        const bytes = read(test);
        for (let piece = bytes.length; piece >= 1; piece >>= 1) {
            for (let from = Math.floor((bytes.length - 1) / piece) * piece; from >= 0; from -= piece) {
                const to = Math.min(from + piece, bytes.length);
                yield changed(test, (smaller) => write(smaller, without(bytes, from, to)));
                if (!bytes.slice(from, to).every((byte) => byte === 0x5b)) {
                    yield changed(test, (smaller) => write(smaller, blanked(bytes, from, to)));
                }
            }
        }
    }
}

/** The smallest case found within `tries` for which `is_wrong(case)` is still true. */
export async function shrink(test, is_wrong, tries = 2000) {
    let best = test;
    for (let progress = true; progress && tries > 0;) {
        progress = false;
        for (const candidates of [smaller_worlds, smaller_transactions, smaller_bytes]) {
            for (let again = true; again && tries > 0;) {
                again = false;
                for (const candidate of candidates(best)) {
                    if (candidate === undefined) continue;
                    if (--tries < 0) break;
                    if (!(await is_wrong(candidate))) continue;
                    best = candidate;
                    progress = again = true;
                    break;
                }
            }
        }
    }
    return best;
}
