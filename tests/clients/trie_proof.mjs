// Verifies eth_getProof: walks Merkle Patricia proofs from a root down to the value, checking the
// hash of every node. Yellow Paper, appendix D.

import { decodeRlp, encodeRlp, keccak256, toBeHex } from 'ethers';

const nibbles_of = (hex) => [...hex.slice(2)].map((digit) => parseInt(digit, 16));

/// The value at `key` under `root`, null when the proof shows that there is none; throws when it
/// shows nothing.
export function value_in_proof(root, key, proof) {
    let path = nibbles_of(keccak256(key));
    let expected = root;
    const nodes = [...proof];
    let node;
    const enter = (reference) => {
        if (typeof reference !== 'string') {
            node = reference; // shorter than 32 bytes: embedded
            return;
        }
        const encoded = nodes.shift();
        if (encoded === undefined) throw new Error('the proof ends early');
        if (keccak256(encoded) !== reference) throw new Error('a node does not have the hash its parent names');
        node = decodeRlp(encoded);
    };
    if (nodes.length === 0) {
        if (root !== keccak256('0x80')) throw new Error('an empty proof against a trie that is not empty');
        return null;
    }
    enter(expected);
    for (;;) {
        let next;
        if (node.length === 17) {
            if (path.length === 0) return finish(nodes, node[16]);
            next = node[path[0]];
            path = path.slice(1);
        } else {
            const [compact, child] = node;
            const all = nibbles_of(compact);
            const piece = all.slice(all[0] & 1 ? 1 : 2);
            const matches = piece.every((nibble, i) => nibble === path[i]);
            if (!matches) return finish(nodes, '0x');
            path = path.slice(piece.length);
            if (all[0] & 2) return finish(nodes, path.length === 0 ? child : '0x');
            next = child;
        }
        if (next === '0x') return finish(nodes, '0x');
        enter(next);
    }
}

function finish(unused, value) {
    if (unused.length !== 0) throw new Error('the proof holds nodes that it does not need');
    return value === '0x' ? null : value;
}

const quantity_bytes = (value) => (BigInt(value) === 0n ? '0x' : toBeHex(value));

/// Throws unless `proof` (an answer of eth_getProof) holds against `state_root`.
export function verify_account_proof(state_root, proof) {
    const value = value_in_proof(state_root, proof.address, proof.accountProof);
    const claimed = encodeRlp([
        quantity_bytes(proof.nonce),
        quantity_bytes(proof.balance),
        proof.storageHash,
        proof.codeHash,
    ]);
    const is_absent = value === null && BigInt(proof.nonce) === 0n && BigInt(proof.balance) === 0n;
    if (!is_absent && value !== claimed) throw new Error('the account in the tree is not the one claimed');
    for (const slot of proof.storageProof) {
        const stored = value_in_proof(proof.storageHash, toBeHex(slot.key, 32), slot.proof);
        const expected = BigInt(slot.value) === 0n ? null : encodeRlp(quantity_bytes(slot.value));
        if (stored !== expected) throw new Error(`slot ${slot.key} is not what was claimed`);
    }
    return value !== null;
}

/// The root of the trie that maps rlp(index) to items[index], as headers commit to transactions.
export function ordered_root(items) {
    const quantity = (index) => encodeRlp(quantity_bytes(index));
    return keccak256(encodeRlp(node_of(items.map((item, i) => [nibbles_of(quantity(i)), item]))));
}

/// The RLP structure of the node that holds `entries`, pairs of remaining path and value.
function node_of(entries) {
    if (entries.length === 0) return '0x';
    if (entries.length === 1) return [compact(entries[0][0], true), entries[0][1]];
    const [first] = entries[0];
    const shared = Math.min(
        ...entries.map(([path]) => {
            const differs = path.findIndex((nibble, i) => nibble !== first[i]);
            return differs < 0 ? path.length : differs;
        }),
    );
    if (shared > 0) {
        const rest = entries.map(([path, value]) => [path.slice(shared), value]);
        return [compact(first.slice(0, shared), false), reference_to(node_of(rest))];
    }
    const ended = entries.find(([path]) => path.length === 0);
    const branch = Array.from({ length: 16 }, (_, nibble) => {
        const below = entries.filter(([path]) => path[0] === nibble).map(([path, value]) => [path.slice(1), value]);
        return below.length === 0 ? '0x' : reference_to(node_of(below));
    });
    return [...branch, ended ? ended[1] : '0x'];
}

function reference_to(node) {
    const encoded = encodeRlp(node);
    return encoded.length >= 2 + 64 ? keccak256(encoded) : node;
}

/// Hex-prefix encoding; Yellow Paper, appendix C.
function compact(path, is_leaf) {
    const flag = (is_leaf ? 2 : 0) + (path.length & 1);
    const nibbles = path.length & 1 ? [flag, ...path] : [flag, 0, ...path];
    return `0x${nibbles.map((nibble) => nibble.toString(16)).join('')}`;
}
