/**
 * Where our verdicts are meant to differ from the original's, by fixture. Each line names the defect of the original
 * (docs/reference/status-log.md) that is not repeated here.
 *
 * - `D1 row | field | ours`: the field of that row is ours instead; field `row`: the row itself is absent or added
 * - `D5 rows in parent: name STATUS, …`: rows added inside of another
 *
 * Rows are `name`, `name#2`, …; `*` is the job. Long values are cut and end in a hash.
 */
export const knownDifferences: Readonly<Record<string, string>> = {
  'client-results/isoft4-beta4-full': `
    D1 infotest#2 | row | absent
    D1 CLIENT_JOB.0 | status | ABORT
    D1 CLIENT_JOB.0 | reason | Job aborted unexpectedly
    D1 CLIENT_JOB.0 | finished | 1451166755
  `,
  'generated-client/c15_record': `
    D4 CLIENT_JOB.0 | status | GOOD
    D4 custom.alert | status | ALERT
    D5 mygroup | reason | nope
    D5 rows in mygroup: mygroup.step1 GOOD, mygroup.step2 ERROR
    D4 known.bug | status | BUG
    D4 running.op | status | RUNNING
    D4 nostatus.op | status | NOSTATUS
    D4 custom.abort | status | ABORT
  `,
  'generated-client/c15_record.v0': `
    D12 rows: custom.op GOOD, custom.bad FAIL, mygroup ERROR, known.bug BUG, not.here TEST_NA, running.op RUNNING, nostatus.op NOSTATUS, custom.abort ABORT
    D12 rows in mygroup: mygroup.step1 GOOD, mygroup.step2 ERROR
  `,
  'generated-client/c17_group_bug': `
    D5 boom | subdir | null
    D5 boom | reason | bug in group
    D5 boom | attributes | {}
    D5 rows in boom: scen.before_boom GOOD
  `,
  'generated-client/c17_group_bug.v0': `
    D5 rows: boom ERROR
    D5 scen.before_boom | status | GOOD
    D5 scen.before_boom | reason | (empty)
  `,
  'generated-client/c25_steps': `
    D4 CLIENT_JOB.0 | status | GOOD
  `,
  'generated-client/c27_sysexit': `
    D1 scen.one#2 | row | absent
    D1 CLIENT_JOB.0 | status | ABORT
    D1 CLIENT_JOB.0 | reason | Job aborted unexpectedly
    D1 CLIENT_JOB.0 | finished | 1795448948
  `,
  'generated-client/c31_test_detail.v0': `
    D12 rows: scen.dTestFail FAIL, scen.dTestWarn WARN, scen.dTestNAError TEST_NA, scen.dok GOOD
  `,
  'generated-client/c35_network.v0': `
    D12 rows: scennet.one GOOD
  `,
  'generated-client/c37_subtest': `
    D5 rows in scenparent: scen.child GOOD
  `,
  'generated-client/c37_subtest.v0': `
    D5 rows in scenparent: scenparent/scen.child GOOD
  `,
  'generated-server/s05': `
    D5 g | subdir | null
    D5 g | reason | in group
    D5 g | attributes | {}
    D5 rows in g: inner GOOD, sscen.ing FAIL
  `,
  'generated-server/s07.hostA': `
    D10 SERVER_JOB | status | GOOD
  `,
  'generated-server/s07.hostB': `
    D10 SERVER_JOB | status | GOOD
  `,
  'generated-server/s07.hostC': `
    D10 SERVER_JOB | status | GOOD
  `,
  'generated-server/s27': `
    D5 g | subdir | null
    D5 g | reason | (empty)
    D5 g | attributes | {}
    D5 rows in g: scen.ing GOOD
  `,
  'generated-server/s31': `
    D3 rows: SERVER_JOB ABORT, grp ABORT
    D3 rows in grp: grp2 ABORT
  `,
  'generated-server/s33': `
    D1 scen.ok#2 | row | absent
    D1 CLIENT_JOB.0 | status | ABORT
    D1 CLIENT_JOB.0 | reason | Job aborted unexpectedly
    D1 CLIENT_JOB.0 | finished | 1795449894
  `,
  'public-server/chromeos-lab-bad-provision': `
    D5 provision | subdir | null
    D5 rows in provision: verify.ssh GOOD, verify.update GOOD, verify.brd_config GOOD, verify.ser_config GOOD, verify.job GOOD, verify.servod GOOD, verify.pwr_button GOOD, verify.lid_open GOOD, verify.PASS GOOD, provision_AutoUpdate FAIL
  `,
  'public-server/chromeos-lab-bad-provision.v0': `
    D12 rows: provision FAIL
    D12 rows in provision: verify.ssh GOOD, verify.update GOOD, verify.brd_config GOOD, verify.ser_config GOOD, verify.job GOOD, verify.servod GOOD, verify.pwr_button GOOD, verify.lid_open GOOD, verify.PASS GOOD, provision_AutoUpdate FAIL
  `,
  'public-server/chromeos-lab-fail-repair': `
    D5 rows in repair: verify.ssh GOOD, verify.brd_config GOOD, verify.ser_config GOOD, verify.job GOOD, verify.servod GOOD, verify.pwr_button GOOD, verify.lid_open GOOD, verify.update GOOD, verify.PASS GOOD, verify.ssh#2 FAIL, repair.rpm FAIL, repair.sysrq FAIL, repair.servoreset FAIL, repair.firmware FAIL, repair.usb FAIL
  `,
  'public-server/chromeos-lab-fail-repair.v0': `
    D5 rows in repair: verify.ssh GOOD, verify.brd_config GOOD, verify.ser_config GOOD, verify.job GOOD, verify.servod GOOD, verify.pwr_button GOOD, verify.lid_open GOOD, verify.update GOOD, verify.PASS GOOD, verify.ssh#2 FAIL, repair.rpm FAIL, repair.sysrq FAIL, repair.servoreset FAIL, repair.firmware FAIL, repair.usb FAIL
  `,
  'public-server/chromeos-lab-good-provision': `
    D5 provision | subdir | null
    D5 provision | reason | chromeos4-ro… ca53c811
    D5 rows in provision: verify.ssh GOOD, verify.update GOOD, verify.brd_config GOOD, verify.ser_config GOOD, verify.job GOOD, verify.servod GOOD, verify.pwr_button GOOD, verify.lid_open GOOD, verify.PASS GOOD, provision_AutoUpdate GOOD, verify.ssh#2 GOOD, verify.devmode GOOD, verify.power GOOD, verify.ext4 GOOD, verify.writable GOOD, verify.tpm GOOD, verify.good_au GOOD, verify.fwstatus GOOD, verify.rwfw GOOD, verify.python GOOD, verify.cros GOOD, verify.PASS#2 GOOD
  `,
  'public-server/chromeos-lab-good-provision.v0': `
    D5 provision | subdir | null
    D5 rows in provision: verify.ssh GOOD, verify.update GOOD, verify.brd_config GOOD, verify.ser_config GOOD, verify.job GOOD, verify.servod GOOD, verify.pwr_button GOOD, verify.lid_open GOOD, verify.PASS GOOD, provision_AutoUpdate GOOD, verify.ssh#2 GOOD, verify.devmode GOOD, verify.power GOOD, verify.ext4 GOOD, verify.writable GOOD, verify.tpm GOOD, verify.good_au GOOD, verify.fwstatus GOOD, verify.rwfw GOOD, verify.python GOOD, verify.cros GOOD, verify.PASS#2 GOOD
  `,
  'public-server/chromeos-lab-net-down-repair': `
    D5 rows in repair: verify.ssh GOOD, verify.brd_config GOOD, verify.ser_config GOOD, verify.job GOOD, verify.servod GOOD, verify.pwr_button GOOD, verify.lid_open GOOD, verify.update GOOD, verify.PASS GOOD, verify.ssh#2 FAIL, repair.rpm FAIL, repair.sysrq FAIL, repair.servoreset GOOD, verify.fwstatus GOOD, verify.good_au FAIL, repair.firmware FAIL, verify.writable GOOD, verify.tpm GOOD, verify.ext4 GOOD, verify.power GOOD, verify.rwfw GOOD, verify.python GOOD, verify.cros GOOD, repair.powerwash GOOD, verify.PASS#2 GOOD
    D5 rows in repair.servoreset: verify.ssh#3 GOOD
    D5 rows in repair.powerwash: boot.0 GOOD, verify.ssh#4 GOOD, verify.tpm#2 GOOD, verify.good_au#2 GOOD, verify.ext4#2 GOOD, verify.power#2 GOOD, verify.rwfw#2 GOOD, verify.python#2 GOOD, verify.cros#2 GOOD
  `,
  'public-server/chromeos-lab-net-down-repair.v0': `
    D12 rows: repair FAIL
    D12 rows in repair: verify.ssh GOOD, verify.brd_config GOOD, verify.ser_config GOOD, verify.job GOOD, verify.servod GOOD, verify.pwr_button GOOD, verify.lid_open GOOD, verify.update GOOD, verify.PASS GOOD, verify.ssh#2 FAIL, repair.rpm FAIL, repair.sysrq FAIL, repair.servoreset GOOD, verify.fwstatus GOOD, verify.good_au FAIL, repair.firmware FAIL, verify.writable GOOD, verify.tpm GOOD, verify.ext4 GOOD, verify.power GOOD, verify.rwfw GOOD, verify.python GOOD, verify.cros GOOD, repair.powerwash GOOD, verify.PASS#2 GOOD
    D12 rows in repair.servoreset: verify.ssh#3 GOOD
    D12 rows in repair.powerwash: boot.0 GOOD, verify.ssh#4 GOOD, verify.tpm#2 GOOD, verify.good_au#2 GOOD, verify.ext4#2 GOOD, verify.power#2 GOOD, verify.rwfw#2 GOOD, verify.python#2 GOOD, verify.cros#2 GOOD
  `,
  'public-server/chromeos-lab-usb-repair': `
    D5 rows in repair: verify.ssh GOOD, verify.brd_config GOOD, verify.ser_config GOOD, verify.job GOOD, verify.servod GOOD, verify.pwr_button GOOD, verify.lid_open GOOD, verify.update GOOD, verify.PASS GOOD, verify.ssh#2 FAIL, repair.rpm FAIL, repair.sysrq FAIL, repair.servoreset FAIL, repair.firmware FAIL, repair.usb GOOD, verify.fwstatus GOOD, verify.PASS#2 GOOD
    D5 rows in repair.usb: verify.ssh#3 GOOD, verify.writable GOOD, verify.tpm GOOD, verify.good_au GOOD, verify.ext4 GOOD, verify.power GOOD, verify.rwfw GOOD, verify.python GOOD, verify.cros GOOD
  `,
  'public-server/chromeos-lab-usb-repair.v0': `
    D12 rows: repair FAIL
    D12 rows in repair: verify.ssh GOOD, verify.brd_config GOOD, verify.ser_config GOOD, verify.job GOOD, verify.servod GOOD, verify.pwr_button GOOD, verify.lid_open GOOD, verify.update GOOD, verify.PASS GOOD, verify.ssh#2 FAIL, repair.rpm FAIL, repair.sysrq FAIL, repair.servoreset FAIL, repair.firmware FAIL, repair.usb GOOD, verify.fwstatus GOOD, verify.PASS#2 GOOD
    D12 rows in repair.usb: verify.ssh#3 GOOD, verify.writable GOOD, verify.tpm GOOD, verify.good_au GOOD, verify.ext4 GOOD, verify.power GOOD, verify.rwfw GOOD, verify.python GOOD, verify.cros GOOD
  `,
  'snippets/android-provision-fail': `
    D5 provision | subdir | null
    D5 rows in provision: provision_AutoUpdate FAIL
  `,
  'snippets/android-provision-fail.v0': `
    D12 rows: provision FAIL
    D12 rows in provision: provision_AutoUpdate FAIL
  `,
  'snippets/crosperf-libcbench.v0': `
    D12 rows: platform_LibCBench GOOD
  `,
  'snippets/infra-inner-abort': `
    D13 cheets_CTS_P.internal.arm.CtsTheme | status | ABORT
    D13 cheets_CTS_P.internal.arm.CtsTheme | reason | Autotest cli… 5f4f0ee3
    D5 rows in cheets_CTS_P.internal.arm.CtsTheme: boot.0 GOOD
  `,
  'snippets/infra-inner-abort.v0': `
    D5 cheets_CTS_P.internal.arm.CtsTheme | started | 1655978455
    D5 * | order | ["cheets_CTS_P.internal.arm.CtsTheme","boot.0"]
  `,
  'snippets/infra-readme': `
    D5 rows in test1: test1_subtest FAIL
  `,
  'snippets/infra-readme.v0': `
    D12 rows: test1 FAIL, test2 WARN, test3 ERROR
    D12 rows in test1: test1_subtest FAIL
  `,
  'snippets/infra-weird-status': `
    D8 rows: SERVER_JOB GOOD
  `,
  'snippets/issue734-job-timeout': `
    D1 setup_pulsar_env#2 | row | absent
    D1 CLIENT_JOB.0 | status | ABORT
    D2 CLIENT_JOB.0 | reason | Job aborted … aeb75eaa
    D2 setup_pulsar_env | reason | Job aborted … aeb75eaa
  `,
};
