import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { nearest } from './nearest.ts';

describe('nearest', () => {
  const keys = ['bindAddress', 'securePort', 'tlsCertFile', 'path'];

  it('finds swapped, missing and added letters', () => {
    assert.equal(nearest('secruePort', keys), 'securePort');
    assert.equal(nearest('bindAdress', keys), 'bindAddress');
    assert.equal(nearest('paths', keys), 'path');
  });

  it('overlooks case and hyphens', () => {
    assert.equal(nearest('tls-cert-file', keys), 'tlsCertFile');
    assert.equal(nearest('SECUREPORT', keys), 'securePort');
  });

  it('finds nothing that is far away', () => {
    assert.equal(nearest('banana', keys), undefined);
    assert.equal(nearest('x', keys), undefined);
    assert.equal(nearest('path', []), undefined);
  });

  it('prefers the word itself, and forgives one mistake in a long word', () => {
    const word = fc.stringMatching(/^[a-z]{4,20}$/);
    fc.assert(
      fc.property(word, fc.array(word), fc.nat(), (wanted, others, seed) => {
        assert.equal(nearest(wanted, [...others, wanted]), wanted);
        const cut = seed % wanted.length;
        assert.equal(nearest(wanted.slice(0, cut) + wanted.slice(cut + 1), [wanted]), wanted);
      }),
    );
  });
});
