import type zh from '../zh-CN/payment-channels'

const en: typeof zh = {
  notifyUrl: 'Notify URL',
  notifyWhere:
    'The network sends the results of payments and refunds here. It has to be an https address that the internet can reach; enter it where the network asks for one.',
  earlier: 'Merchants of before',
  earlierHint:
    'New payments are not theirs any more. Those that were placed with them are asked about, closed and given back there, and their bills are compared; when nothing can come of them any more their parameters are forgotten.',
  editEarlier: 'Change its keys',
  earlierTitle: '{channel}: parameters of a merchant of before',
  forget: {
    action: 'Forget now',
    title: 'Forget the merchant of before {merchant}',
    message:
      'For one whose keys were revoked, or are known to others. Its notices are not believed any more and its bills not compared; what it has taken and is to go back has to be paid out by hand. Refused while payments with it are not over. This cannot be undone.',
    done: 'The merchant {merchant} is forgotten.',
  },
  replaced: 'Replaced',
  neededUntil: 'Needed until',
  stillOpen: 'Payments and refunds under way',
  updated: 'Last changed',
  keys: 'Network’s keys',
  unset: 'Not set up yet. Once the merchant’s parameters are entered, customers can pay by {channel}.',
  freeze:
    'While a customer plays the money is only frozen; what was played is taken at the end, and the rest let go. It has Alipay’s parameters, and Alipay must have signed you up for it.',
  edit: 'Change parameters',
  setUp: 'Set up',
  app_id: { wechat: 'App id (AppID)', alipay: 'App id (APPID)', alipay_freeze: 'App id (APPID)' },
  mini_app_id: 'Mini-program’s app id (AppID)',
  mini_app_id_hint:
    'Where customers have a mini-program too, which belongs to the same merchant. Otherwise left empty.',
  merchant_id: {
    wechat: 'Merchant number',
    alipay: 'Merchant’s PID (2088…)',
    alipay_freeze: 'Merchant’s PID (2088…)',
  },
  anotherHint: 'Another merchant than now: it has keys of its own. What was placed with the one before stays with it.',
  serial: 'Serial number of the merchant’s certificate',
  private_key: {
    wechat: 'Merchant’s private key (PEM)',
    alipay: 'App’s private key (PEM)',
    alipay_freeze: 'App’s private key (PEM)',
  },
  api_v3_key: 'APIv3 key',
  api_v3_key_hint: '32 characters.',
  keyId: 'Key id, or serial number of the platform’s certificate',
  keyPem: {
    wechat: 'WeChat Pay’s public key or certificate (PEM)',
    alipay: 'Alipay’s public key (PEM)',
    alipay_freeze: 'Alipay’s public key (PEM)',
  },
  keyNumber: 'No. {n}',
  addKey: 'Add another key',
  addKeyHint: 'While WeChat changes from one key to another, both are needed.',
  removeKey: 'Remove',
  kept: 'Stored and never shown; stays as it is when left empty.',
  keysKept: 'Stored: {names}. They stay as they are when left empty; what is entered replaces all of them.',
  enabled: 'Takes new payments',
  enabledHint: 'When off, nobody can begin a payment; what was begun is seen to its end.',
  title: '{channel}: parameters',
  saved: '{channel}: parameters saved.',
  turnOn: {
    action: 'Turn on',
    title: 'Turn on {channel}',
    message: 'Customers can pay by it at once.',
    done: '{channel} is on.',
  },
  turnOff: {
    action: 'Turn off',
    title: 'Turn off {channel}',
    message: 'Customers can begin no new payments by it; what was begun is seen to its end.',
    done: '{channel} is off.',
  },
  check: {
    required: 'Please fill this in',
    keyId: 'Each key needs its id',
    keyPem: 'Each key needs its text',
  },
}
export default en
