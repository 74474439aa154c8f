import type zh from './zh-CN'

const en: typeof zh = {
  app: { name: 'Fieldpledge', office: 'Office' },
  loading: 'Loading',
  sign_in: { name: 'Name', password: 'Password', go: 'Sign in', wrong: 'Name or password is not right.', missing: 'Please enter name and password.' },
  rail: { label: 'Main pages', board: 'Board', intake: 'Intake', dispatch: 'Dispatch', reports: 'Reports', customers: 'Customers', assets: 'Assets', letters: 'Promises', needs: 'Needs you', people: 'People', me: 'Me', me_named: '{name}, my account' },
  problem: { no_network: 'The server cannot be reached now.', no_network_draft: 'The server cannot be reached now. What you typed is kept on this computer; press again once connected.', unknown: 'This could not be read; nothing is lost.', retry: 'Try again' },
  find: { placeholder: 'Customer, serial, number, phone', kind: { customer: 'Customer', site: 'Site', contact: 'Contact', asset: 'Asset', work_order: 'Work order', report: 'Report' } },
  list: { more: 'Show more', found: '{n} found' },
  form: { required: 'This must be filled in' },
  edit: { field: 'Change {label}', save: 'Save', cancel: 'Leave it', collided: 'Somebody just changed this. Which one stands? The other stays in the history.', now_there: 'Now there:', yours: 'Yours:', use_mine: 'Use mine', use_theirs: 'Use the present one' },
  clause: { unknown: 'The sentence of {clause} was not found.' },
  channel: { phone: 'Phone', remote: 'Remote', onsite: 'On site', walk_in: 'Walk-in', mail: 'Mail', fax: 'Fax', network: 'Network' },
  impact: { critical: 'Stops business', important: 'Affects', normal: 'Does not' },
  remedy: { refund: 'Refund', exchange: 'Exchange', repair: 'Repair', maintenance: 'Maintenance' },
  gate: {
    owner_required: 'Name an owner', onsite_required: 'On site is required, phone alone will not do', phone_reason: 'Handling by phone needs a reason', backup_notice: 'Have the back-up notice signed before work',
    user_damage_notice: 'Tell the price and have it signed before work', quote_above_ceiling: 'The quote is above the upgrade ceiling', customer_acceptance: 'Closes only with the customer’s acceptance', fault_report: 'Closes only with a fault report',
    cause_and_fix: 'Closes only with cause and fix in the report', training_signoff: 'Training signed off',
  },
  before: { dispatch: 'before sending', work: 'before work', close: 'before closing' },
  owed: { training_offer: 'Offer the training', loaner: 'A stand-in machine if not repaired', promise_note: 'A written explanation and a definite date', replacement: 'A free replacement' },
  fact: {
    asset_accepted_on: 'date of acceptance', asset_invoiced_on: 'date of invoice', asset_purchased_on: 'date of purchase', asset_brand: 'brand', asset_category: 'category', asset_material: 'material', asset_stores_data: 'whether it stores data',
    asset_price: 'price paid', customer_training_completed: 'whether training was completed', request_product_price: 'software price', request_priority: 'priority', request_upgrade_quote: 'upgrade quote', customer_province: 'province',
  },
  decision: { who_pays: 'Who pays, and why', live: 'decided as you type', waiting: 'Choose customer and site; here you will see who pays, which clocks run and what else is due.', remedies: 'Remedies', missing: 'Needed to decide:', clocks: '{n} clocks', no_clocks: 'The letter sets no time for this.', to_do: 'Also to be done' },
  intake: {
    title: 'Take a call', who: 'Who, where, which asset', what: 'What happened', caller_name: 'Caller', caller_phone: 'Caller’s number', customer: 'Customer', customer_find: 'Type a name', site: 'Site', site_choose: 'Choose a site',
    assets: 'Assets', assets_choose: 'Serial, model or place', symptom: 'Symptom, in the customer’s words', channel: 'Channel', priority: 'Business', kind: 'Kind', reported_at: 'Time of the call', now: 'now', owner: 'Owner',
    engineer: 'Send', engineer_later: 'Later', planned_from: 'When', at_once: 'at once', phone_reason: 'Why by phone alone', open_already: 'This asset already has the open work order {number}:', see_it: 'See it',
    save_and_send: 'Create and send', save: 'Create', save_only: 'Create only', draft_kept: 'The draft is kept on this computer', clear: 'Clear',
  },
  board: {
    title: 'Work orders', take_call: 'Take a call', live: 'Live', as_of: 'As of {time}', number: 'Number', customer_and_symptom: 'Customer and symptom', engineer: 'Engineer', nobody_yet: 'Nobody yet', not_promised: 'not promised', empty: 'No work orders here. Press N when somebody calls.',
    tile: { open: 'open', missed: 'missed', near: 'near', running: 'running', paused: 'paused', unassigned: 'unassigned', all: 'all', needs_person: 'need a person', offline_engineers: 'offline over 2 h' },
  },
  work_order: {
    title: 'Work order', open: 'Open work order', no_asset: 'No asset named', visits: 'Visits', no_visit: 'Nobody was sent yet.', send: 'Send somebody', cancel_visit: 'Cancel', cancelled_by_office: 'Cancelled by the office', reports: 'Fault reports', no_report: 'No report yet.',
    log: 'Course', log_note: 'Write a line', log_add: 'Add', received: 'received {time}', voided: 'voided: {reason}', reason: 'Reason', conflicts: '{n} fields were changed on both sides; settle them',
    step: { close: 'Close', cancel: 'Cancel the work order', reopen: 'Reopen' },
  },
  log: {
    reported: 'Reported', contacted: 'Customer contacted', onsite_decided: 'On-site visit decided', remote_started: 'Remote service started', sent: 'Engineer sent', accepted_visit: 'Accepted', declined: 'Declined', departed: 'Left the site', travelling: 'On the way', arrived: 'Arrived', waiting: 'Waiting', resumed: 'Resumed', solved: 'In working order',
    accepted: 'Accepted by the customer', rejected: 'Rejected by the customer', report_submitted: 'Report submitted', report_approved: 'Report approved', report_returned: 'Report returned', rescheduled: 'Rescheduled', reassigned: 'Reassigned', cancelled: 'Cancelled', closed: 'Closed', reopened: 'Reopened', promised: 'Date promised', excused: 'Customer’s reason', note: 'Note',
    priority_changed: 'Priority changed', visit_cancelled: 'Visit cancelled', visit_changed: 'Visit changed', left: 'Left the site', late_work: 'Late visit', overridden: 'Overridden',
  },
  check_in: {
    in: 'Check-in', out: 'Check-out', distance: '{d} m from the site point ±{a} m', accept: 'Accept as arrived', at: 'Arrived {time}', from_site: '{d} m from the site point', agree: 'Phone and server agree', differ: 'The two verdicts differ; both are kept', phone_says: 'Phone: {v}', server_says: 'Server: {v}',
    accuracy: 'Accuracy', fix_age: 'Fix', seconds_ago: '{n} s before', clock: 'Phone clock', offset: '{s} s {way}, corrected', fast: 'fast', slow: 'slow', received: 'Received', none: 'No check-in (by phone or remotely).', dial: 'Arrival to scale', north: 'N', radius: 'radius {r} m',
  },
  dispatch: {
    title: 'Dispatch', waiting: 'Unassigned {n}', urgent_first: 'urgent first', none_waiting: 'Nothing waits for an engineer.', hint: 'Choose a work order to send somebody; drag a planned visit to another person or day to reassign it. Unsent work on the phone is kept.', no_engineer: 'No engineers.', choose_one: 'Please choose an engineer first.',
    note: 'Note to the engineer', send_named: 'Send {names}', today: '{n} visits today', metres: '{n} m', kilometres: '{n} km', week_before: 'Week before', week_after: 'Week after',
    reason: {
      knows_asset: 'has repaired this asset', knows_customer: 'has been here before', account_manager: 'account manager', skill: 'knows {skill}', near: 'near', free: 'free now', busy: '{n} visits still to make', offline: 'offline, cannot be reached', never_seen: 'has not used the phone yet', far: 'far away', overdue: 'has an overdue order', same_site: 'goes to this site today',
    },
  },
  review: {
    title: 'Report review', waiting: '{n} to review', queue: 'To review {n}', all: 'All reports', to_look: '{n} to look at', empty: 'No report waits for review.', approve: 'Approve', return: 'Return', return_with: 'Return with {n} comments', approved: 'Approved', returned: 'Returned', comment_first: 'Please write at the field what should change.',
    comment_at: 'Comment on {label}', to_engineer: 'To the engineer', overall: 'Overall', work_order: 'Work order',
  },
  report: {
    title: 'Fault report', version: 'Version {n}', sent_for_repair_on: 'Sent for repair', repair_count: 'repair no. {n}', previous: 'before: {date}', asset: 'Asset', symptom: 'Symptom', reported_as: 'As reported: {text}', cause: 'Cause', cause_unknown_until: 'Cause not known yet, analysis by {date}',
    fix: 'Fix', outcome: 'Outcome', next: 'next: {text}', parts: 'Parts', replaced_by: 'replaced by', guidance: 'Guidance given', charges: 'Charges', clocks: 'Clocks', acceptance: 'Acceptance', rating: 'rated {n}', not_signed: 'Not signed yet', photos: '{n} photos', photo: 'Photo', ink: 'Signature',
  },
  evidence: { signature_ok: 'Signature and report agree; unchanged since', signature_bad: 'Signature and report do not agree', no_signature: 'No signature to verify', late: 'Done offline, received {n} min later; clocks use the time it happened' },
  flag: {
    no_fix: 'No position', uncertain: 'Position uncertain', off_site: 'Checked in off site', late: 'Done offline, received later', late_work: 'Came in after a reassignment', missed_clock: 'A promise was missed', changed: 'Changed after signing', symptom_differs: 'Symptom differs from the work order', verdicts_differ: 'Phone and server judge differently',
    teleport: 'Impossibly fast between two fixes', impossible_speed: 'Impossibly fast between two fixes', repeated_point: 'Same coordinates as on another day', same_point: 'Same coordinates as on another day', gcj02: 'Looks like GCJ-02 coordinates', too_good: 'Accuracy too good to be true', clock_off: 'Phone clock far off', old_fix: 'The fix is old', same_strokes: 'Same ink as on another job', rejected: 'Rejected by the customer', absent: 'Customer absent', refused: 'Customer declined to sign', photo_reused: 'Photo used elsewhere', unsigned: 'Not signed', not_verified: 'Signature does not verify',
  },
  reports: { title: 'All reports', from: 'From', until: 'Until', period: 'Submitted between', state: 'State', words: 'Number, cause, serial', number: 'Number', submitted: 'Submitted', picked: '{n} chosen', all_found: 'With nothing chosen, everything found is exported', zip_pdf: 'PDFs as ZIP', zip_word: 'Word as ZIP', pick: 'Choose {number}', pick_all: 'Choose all', empty: 'No report matches.' },
  customer: {
    name: 'Name', short_name: 'Short name', code: 'Code', province: 'Province', notes: 'Notes', find: 'Find a customer', add: 'New customer', empty: 'No customers yet.', contacts: 'Contacts', contact: 'Contact', phone: 'Phone', job: 'Position', sites: 'Sites', site: 'Site', address: 'Address', point: 'Site point', no_point: 'not marked yet', entered_in: 'entered in {datum}',
    site_notes: 'Site notes', radius: 'Radius (m)', lat: 'Latitude (a pair may be pasted)', lng: 'Longitude', datum: 'Coordinates from', gcj: 'Amap, Tencent', bd: 'Baidu', assets: 'Assets ({n})', contracts: 'Contracts', no_contract: 'No contract.', work_orders: 'Recent work orders', no_work_order: 'No work orders yet.', add_contact: 'New contact', add_site: 'New site', add_asset: 'New asset',
  },
  category: { desktop: 'Desktop', laptop: 'Laptop', server: 'Server', storage: 'Storage', switch: 'Switch', cable: 'Cable', software: 'Software', desk: 'Desk', cabinet: 'Cabinet', chair: 'Chair', clerk_desk: 'Clerk desk', sofa: 'Sofa', other: 'Other' },
  material: { wood: 'wood', leather: 'leather', steel: 'steel', fabric: 'fabric' },
  asset: {
    find: 'Serial, model, place', serial: 'Serial', model: 'Model', brand: 'Brand', category: 'Category', place: 'Place', accepted_on: 'Accepted on', invoiced_on: 'Invoiced on', purchased_on: 'Purchased on', price: 'Price', contract: 'Contract', customer: 'To the customer', provisional: 'made on a phone, to be checked', empty: 'No asset matches.', out_of_service: 'Out of service', never_out: 'Never out of service.', still: 'still',
    history: 'History', no_history: 'No work orders or reports yet.',
  },
  spell: { repair: 'under repair', parts: 'waiting for parts' },
  letter: { ref: 'Version', title: 'Title', clauses: 'Clauses', clause: 'Clause', article: 'Where', quote: 'The sentence signed', meaning: 'What the system does', empty: 'No letter is installed.', not_found: 'There is no such letter.' },
  needs: {
    conflicts: '{n} fields changed on both sides', both_changed: '{field}: both of you changed it. Which one stands?', live_now: 'Live now', from_phone: 'Written on the phone', use_this: 'Use this one', or_write: 'Or write another', other_kept: 'The other stays in the history.', no_conflict: 'Nothing to decide.', settled: 'Settled.',
    stuck: '{n} items the server did not accept', no_stuck: 'Everything from the phones was accepted.', rest_done: 'everything else is in', what_was_sent: 'What was sent', drop: 'No longer needed', drop_reason: 'Why is it no longer needed? Write a line; it is kept.',
  },
  field: { contact: { name: 'Contact’s name', phone: 'Contact’s phone' }, work_order: { symptom: 'Symptom' }, site: { notes: 'Site notes' }, asset: { serial: 'Serial', place: 'Place' }, finding: { cause_text: 'Cause', fix_text: 'Fix', symptom_found: 'Symptom found' } },
  people: { name: 'Name', sign_in_name: 'Sign-in name', role: 'Role', branch: 'Branch', devices: 'Phones', add: 'New account', disable: 'Disable', enable: 'Enable', revoke: 'Revoke phone', revoked: 'revoked', revoke_sure: 'A revoked phone can no longer send or receive; what is unsent on it is not deleted. Revoke it?', seen: 'seen {time}' },
  role: { engineer: 'Engineer', dispatcher: 'Dispatcher', admin: 'Admin' },
  me: { language: 'Language', theme: 'Look', password: 'Password', old_password: 'Present password', new_password: 'New password, at least 8 characters', change_password: 'Change password', password_changed: 'Password changed; other sign-ins have ended.', sign_out: 'Sign out' },
  theme: { light: 'Light', dark: 'Dark', sunlight: 'Sunlight' },
}

export default en
