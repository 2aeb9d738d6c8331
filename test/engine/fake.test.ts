import '../support/fake-contract.test.ts';
