"""What a customer is told and answers before chargeable or risky work begins: frozen text, signature, log entry."""
