"""What people see of campaigns: their list, one as it runs, its recipients, and its buttons."""
