from . import test_pay, test_pay_refused, test_pay_status
